/**
 * The schema as an append-only list: entry n brings `user_version` n to n + 1. Never edit a released
 * entry. Times are UTC milliseconds. A scope is `node` or the path of a service.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The configuration files as the index last saw them.
  CREATE TABLE source (
    path    TEXT PRIMARY KEY,
    scope   TEXT NOT NULL,
    stamp   TEXT NOT NULL,
    problem TEXT
  ) STRICT, WITHOUT ROWID;

  -- One row per schedule. next_due is null when the schedule never comes due.
  CREATE TABLE task (
    id         INTEGER PRIMARY KEY,
    scope      TEXT NOT NULL,
    action     TEXT NOT NULL,
    section    TEXT NOT NULL,
    parameter  TEXT NOT NULL,
    definition TEXT NOT NULL,
    timezone   TEXT,
    detached   INTEGER NOT NULL,
    spreadable INTEGER NOT NULL,
    catchup    TEXT NOT NULL,
    max_lateness_ms INTEGER,
    max_parallel    INTEGER NOT NULL,
    unrecorded INTEGER NOT NULL,
    hooks      TEXT,
    next_due   INTEGER,
    error      TEXT,
    UNIQUE (scope, action, section)
  ) STRICT;
  CREATE INDEX task_by_due ON task (next_due) WHERE next_due IS NOT NULL;

  CREATE TABLE last_run (
    scope      TEXT NOT NULL,
    action     TEXT NOT NULL,
    section    TEXT NOT NULL,
    last_at    INTEGER NOT NULL,
    success_at INTEGER,
    state      TEXT,
    exit_code  INTEGER,
    PRIMARY KEY (scope, action, section)
  ) STRICT, WITHOUT ROWID;

  -- The ledger. epoch counts the backward steps of the clock, so that a slot is unique in real time.
  CREATE TABLE run (
    id         INTEGER PRIMARY KEY,
    scope      TEXT NOT NULL,
    action     TEXT NOT NULL,
    section    TEXT NOT NULL,
    origin     TEXT NOT NULL,
    state      TEXT NOT NULL,
    reason     TEXT,
    epoch      INTEGER NOT NULL DEFAULT 0,
    slot_begin INTEGER,
    slot_end   INTEGER,
    slots      INTEGER NOT NULL DEFAULT 1,
    claimed_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at   INTEGER,
    exit_code  INTEGER,
    signal     TEXT,
    batch      TEXT,
    attempts   INTEGER NOT NULL DEFAULT 0,
    owner_pid  INTEGER,
    owner_start INTEGER,
    boot_id    TEXT,
    token      TEXT,
    child_pid  INTEGER,
    child_start INTEGER,
    cgroup     TEXT,
    stdout     TEXT,
    stderr     TEXT,
    dropped_bytes INTEGER,
    usage      TEXT,
    log        TEXT
  ) STRICT;
  CREATE UNIQUE INDEX run_slot ON run (scope, action, section, epoch, slot_begin)
    WHERE origin = 'cron' AND slot_begin IS NOT NULL;
  CREATE INDEX run_open ON run (id) WHERE state = 'running';
  CREATE INDEX run_by_time ON run (claimed_at);

  -- Messages to the outside world that wait for their delivery.
  CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    payload    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    next_try   INTEGER NOT NULL,
    lease_until INTEGER,
    last_error TEXT
  ) STRICT;
  CREATE INDEX outbox_by_time ON outbox (next_try);

  -- Raw counters of collect_stats; rates are computed between samples of one boot.
  CREATE TABLE sample (
    at      INTEGER NOT NULL,
    topic   TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    data    TEXT NOT NULL,
    PRIMARY KEY (at, topic)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- slot_at: begin of the newest slot that was decided: run, skipped or missed. A task whose first
  -- slots were missed has a row without a run.
  ALTER TABLE last_run RENAME TO last_run_1;
  CREATE TABLE last_run (
    scope      TEXT NOT NULL,
    action     TEXT NOT NULL,
    section    TEXT NOT NULL,
    last_at    INTEGER,
    slot_at    INTEGER,
    success_at INTEGER,
    state      TEXT,
    exit_code  INTEGER,
    duration_ms INTEGER,
    PRIMARY KEY (scope, action, section)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO last_run (scope, action, section, last_at, success_at, state, exit_code)
    SELECT scope, action, section, last_at, success_at, state, exit_code FROM last_run_1;
  DROP TABLE last_run_1;

  -- Messages of one key go out in order: whether one is the first is asked for each.
  CREATE INDEX outbox_by_key ON outbox (kind, key, id);

  -- How many slots came to each state since the store was made; the ledger itself forgets.
  CREATE TABLE tally (
    state TEXT PRIMARY KEY,
    slots INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO tally (state, slots)
    SELECT state, sum(slots) FROM run WHERE state <> 'running' GROUP BY state;
  CREATE TRIGGER run_closed AFTER UPDATE OF state ON run
    WHEN old.state = 'running' AND new.state <> 'running'
  BEGIN
    INSERT INTO tally (state, slots) VALUES (new.state, new.slots)
      ON CONFLICT (state) DO UPDATE SET slots = slots + excluded.slots;
  END;
  CREATE TRIGGER run_added_closed AFTER INSERT ON run WHEN new.state <> 'running'
  BEGIN
    INSERT INTO tally (state, slots) VALUES (new.state, new.slots)
      ON CONFLICT (state) DO UPDATE SET slots = slots + excluded.slots;
  END;
  `,
  `
  -- What was last known of the instance of each service on this node, as print status shows it.
  CREATE TABLE instance (
    scope      TEXT PRIMARY KEY,
    updated_at INTEGER NOT NULL,
    -- Of the configuration file that it was worked out from.
    stamp      TEXT NOT NULL,
    avail      TEXT NOT NULL,
    overall    TEXT NOT NULL,
    document   TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- How the last action on the whole of an instance ended, until somebody clears it.
  CREATE TABLE action_state (
    scope  TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    target TEXT,
    since  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The last changes of the status of each resource, the newest hundred.
  CREATE TABLE status_history (
    id     INTEGER PRIMARY KEY,
    scope  TEXT NOT NULL,
    rid    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    status TEXT NOT NULL
  ) STRICT;
  CREATE INDEX status_history_by_resource ON status_history (scope, rid, id);

  -- Tries of the resource monitor since the resource was last up.
  CREATE TABLE restart (
    scope   TEXT NOT NULL,
    rid     TEXT NOT NULL,
    tries   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (scope, rid)
  ) STRICT, WITHOUT ROWID;
  `,
];
