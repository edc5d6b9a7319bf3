'use strict';
/**
 * Loads the packs of dist/ (see scripts/build.mjs). A pack is compiled from the code cache that the
 * build made for this very Node.js and its flags; without one, or when V8 refuses it, from its text.
 */
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const packs = {};

function loadPack(name) {
  packs[name] ??= compile(`${__dirname}/pack-${name}.js`);
  return packs[name];
}

function compile(file) {
  const text = readFileSync(file, 'latin1'); // the build writes ASCII
  const cachedData = contentOf(cacheFile(file, process.execArgv));
  const script = new Script(text, { filename: file, cachedData });
  return script.runInThisContext()(require, file, __dirname);
}

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** V8 accepts a cache only from the same version under the same flags. */
function cacheFile(file, flags) {
  return `${file}.${process.version}-${process.arch}${flags.join('')}.cache`;
}

module.exports = loadPack;
module.exports.cacheFile = cacheFile;
