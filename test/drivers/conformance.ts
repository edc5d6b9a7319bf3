/**
 * What every driver has to do, whatever it drives: the matrix of {down, up, half done, foreign} and
 * {status, start, stop, each twice}, provisioning cycles, and nothing left behind.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Ability, lacks } from '../support/can.js';
import { createRig, type Rig, type RigOptions } from './rig.js';

/** One driver on this host. */
export interface DriverCase {
  /** `fs.ext4`, with what is special about the case. */
  readonly name: string;
  readonly needs?: readonly Ability[];
  readonly rid: string;
  /** Where its commands run, see `RigOptions`. */
  readonly wrap?: RigOptions['wrap'];
  /** The service file, given a directory for files of the test. */
  config(place: string): string;
  /** Makes what the resource needs before it can be started. */
  prepare?(rig: Rig): Promise<void> | void;
  /** Takes away whatever a failed test may have left. */
  cleanUp?(rig: Rig): Promise<void> | void;
  /** What the host shows of the resource, found without the driver. */
  isUp(rig: Rig): Promise<boolean> | boolean;
  /** The status of a resource that is up; default `up`. */
  up?: string;
  /** Leaves a start unfinished. The next start completes it, the next stop cleans it. */
  half?(rig: Rig): Promise<void> | void;
  /** Status in that state; default anything but undef. */
  halfStatus?: string;
  /** Somebody else has what a start would take: it refuses and changes nothing of it. */
  foreign?: {
    make(rig: Rig): Promise<void> | void;
    isIntact(rig: Rig): Promise<boolean> | boolean;
  };
  /** Everything on the host that the resource could leave behind, as text. */
  traces(rig: Rig): Promise<string> | string;
  /** A line of a real run as a dry run has it, which cannot know what the kernel chooses; undefined: not at all. */
  asPlanned?(line: string, rig: Rig): string | undefined;
  /** It has no stop: it stays up. */
  staysUp?: boolean;
  /** `provision` makes it and `unprovision` takes it away. */
  provisions?: {
    /** What is there after provision and gone after unprovision. */
    exists(rig: Rig): Promise<boolean> | boolean;
  };
}

export function conformance(driver: DriverCase): void {
  const options: RigOptions = driver.wrap ? { wrap: driver.wrap } : {};
  const rigOf = async (): Promise<Rig> => {
    const rig = createRig((place) => driver.config(place), options);
    onTestFinished(async () => driver.cleanUp?.(rig));
    await driver.prepare?.(rig);
    return rig;
  };
  const up = driver.up ?? 'up';
  const ownLines = ({ lines }: Rig): string[] =>
    lines.filter((line) => line.startsWith(`${driver.rid} `));
  const statusOf = async (rig: Rig): Promise<string> => (await rig.status(driver.rid)).status;

  describe.skipIf(lacks(...(driver.needs ?? [])))(driver.name, () => {
    test('down, start, up, start again, stop, down, stop again, and nothing is left', async () => {
      const rig = await rigOf();
      const before = await driver.traces(rig);
      expect(await driver.isUp(rig)).toBe(false);
      expect(await statusOf(rig)).toBe('down');
      expect(await statusOf(rig)).toBe('down');
      await rig.act('start');
      expect(await driver.isUp(rig)).toBe(true);
      expect(await statusOf(rig)).toBe(up);
      const started = await driver.traces(rig);
      expect(await statusOf(rig)).toBe(up);
      rig.lines.length = 0;
      await rig.act('start');
      const already = [expect.stringContaining(' already ')];
      expect(ownLines(rig)).toEqual(driver.staysUp ? [] : already);
      expect(await driver.traces(rig)).toBe(started);
      expect(await statusOf(rig)).toBe(up);
      await rig.act('stop');
      if (driver.staysUp) {
        expect(await driver.traces(rig)).toBe(started);
        return;
      }
      expect(await driver.isUp(rig)).toBe(false);
      expect(await statusOf(rig)).toBe('down');
      rig.lines.length = 0;
      await rig.act('stop');
      expect(ownLines(rig)).toEqual(already);
      expect(await statusOf(rig)).toBe('down');
      expect(await driver.traces(rig)).toBe(before);
    });

    test('status and a dry run change nothing', async () => {
      const rig = await rigOf();
      const before = await driver.traces(rig);
      await rig.status(driver.rid);
      await rig.act('start', { dryRun: true });
      expect(await driver.traces(rig)).toBe(before);
      const planned = [...rig.lines];
      rig.lines.length = 0;
      await rig.act('start');
      expect(planned.length).toBeGreaterThan(0);
      const done = withoutOutput(rig.lines).flatMap(
        (line) => (driver.asPlanned ? driver.asPlanned(line, rig) : line) ?? [],
      );
      expect(done).toEqual(withoutOutput(planned));
      const started = await driver.traces(rig);
      await rig.act('stop', { dryRun: true });
      expect(await driver.traces(rig)).toBe(started);
    });

    test('a start that is taken back leaves the host as before', async () => {
      // A subset of the group app comes last: its failure takes back the one under test.
      const failing = '\n[app#zz]\ntype = test-fails\nsubset = zz\n';
      const rig = createRig((place) => `${driver.config(place)}${failing}`, options);
      onTestFinished(async () => driver.cleanUp?.(rig));
      await driver.prepare?.(rig);
      const before = await driver.traces(rig);
      await expect(rig.act('start')).rejects.toThrow();
      expect(await driver.traces(rig)).toBe(before);
      expect(await driver.isUp(rig)).toBe(false);
    });

    const { half, foreign, provisions } = driver;
    if (half) {
      test('half done: a start completes it, a stop cleans it', async () => {
        const rig = await rigOf();
        const before = await driver.traces(rig);
        await half(rig);
        const status = await statusOf(rig);
        if (driver.halfStatus) expect(status).toBe(driver.halfStatus);
        else expect(status).not.toBe('undef');
        await rig.act('start');
        expect(await statusOf(rig)).toBe(up);
        await rig.act('stop');
        if (driver.staysUp) return;
        expect(await driver.traces(rig)).toBe(before);
        await half(rig);
        await rig.act('stop');
        expect(await driver.isUp(rig)).toBe(false);
        expect(await driver.traces(rig)).toBe(before);
      });
    }

    if (foreign) {
      test('foreign: a start refuses and leaves it alone', async () => {
        const rig = await rigOf();
        await foreign.make(rig);
        const before = await driver.traces(rig);
        await expect(rig.act('start')).rejects.toThrow();
        expect(await foreign.isIntact(rig)).toBe(true);
        expect(await driver.traces(rig)).toBe(before);
      });
    }

    if (provisions) {
      test('provision twice, unprovision twice', async () => {
        const rig = createRig((place) => driver.config(place), options);
        onTestFinished(async () => driver.cleanUp?.(rig));
        const before = await driver.traces(rig);
        expect(await provisions.exists(rig)).toBe(false);
        await rig.act('provision');
        expect(await provisions.exists(rig)).toBe(true);
        expect(await statusOf(rig)).toBe(up);
        await rig.act('provision');
        expect(await statusOf(rig)).toBe(up);
        await rig.act('unprovision');
        expect(await provisions.exists(rig)).toBe(false);
        await rig.act('unprovision');
        expect(await driver.traces(rig)).toBe(before);
      });
    }
  });
}

/** How a program of the operator ended, and its output line by line. */
function isOutcome(line: string): boolean {
  return / (start|stop) done in /.test(line) || /^\S+ \| /.test(line);
}

/** The plan names no output; what the real run printed is not part of it. */
function withoutOutput(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let inOutput = false;
  for (const line of lines) {
    if (/ (output|errors)( \(exit \d+\))?:$/.test(line)) inOutput = true;
    else if (inOutput && / $|^\S+ ?$/.test(line)) inOutput = false;
    else if (!inOutput && !isOutcome(line)) kept.push(line);
  }
  return kept;
}
