'use strict';
/**
 * Loaded before a program while the build makes code caches: writes, when the process ends, what V8
 * compiled of each pack. The worker that a tick would start is only noted, for the build to run it.
 */
const childProcess = require('node:child_process');
const { renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const vm = require('node:vm');

const flags = process.execArgv.slice(0, process.execArgv.indexOf('-r'));
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options);
    scripts.set(options.filename, this);
  }
};

const { spawn } = childProcess;
childProcess.spawn = (program, words, options) => {
  const line = [program, ...words];
  const entry = line.findIndex((word) => word.endsWith('/nodemgr.js'));
  if (entry === -1) return spawn(program, words, options);
  const noted = {
    flags: line.slice(line.indexOf(process.execPath) + 1, entry),
    words: line.slice(entry + 1),
  };
  writeFileSync(process.env.WORKER_LINE, JSON.stringify(noted));
  return spawn('/bin/true', [], options);
};

process.on('exit', () => {
  for (const [file, script] of scripts) {
    const { cacheFile } = require(join(dirname(file), 'load-pack.js'));
    const target = cacheFile(file, flags);
    writeFileSync(`${target}~`, script.createCachedData());
    renameSync(`${target}~`, target);
  }
});
