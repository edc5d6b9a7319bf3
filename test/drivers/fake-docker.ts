/**
 * A docker whose daemon is a real process: it listens on the socket that it is given, writes its pid
 * file, and keeps its containers in its data directory. The client says nothing by itself: it asks
 * the daemon, and fails in the words of the real one when nobody listens.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { argvOfProcess } from '../../lib/host/process-search.js';

export interface FakeDocker {
  /** Lines for the section DEFAULT. */
  readonly keywords: string;
  readonly client: string;
  readonly daemon: string;
  /** Command lines that daemons got from clients and that change something. */
  commands(): string[];
  /** Command lines that daemons were started with, and signals that they got. */
  lives(): string[];
}

const daemonText = `
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const [, , ...words] = process.argv;
const after = (name) => words[words.indexOf(name) + 1];
const note = (text) => fs.appendFileSync(LIVES, text + '\\n');
note('dockerd ' + words.join(' '));
fs.appendFileSync(PIDS, process.pid + '\\n');
console.error('level=info msg="Starting up"');
if (words.includes('--broken')) {
  console.error('failed to start daemon: unknown storage driver: none');
  process.exit(1);
}
const socket = after('-H').replace('unix://', '');
const root = after('--data-root');
const file = path.join(root, 'containers.json');
fs.mkdirSync(root, { recursive: true });
let containers = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
// A daemon that was ended has left nothing running.
for (const one of containers) one.State = { Status: 'exited', Running: false, ExitCode: 0 };
const images = new Set(['nginx:1']);
let count = containers.length;
function answer(argv, input) {
  const [verb, ...rest] = argv;
  const last = rest.at(-1);
  const ok = (stdout = '') => ({ exitCode: 0, stdout, stderr: '' });
  const error = (text) => ({ exitCode: 1, stdout: '', stderr: text + '\\n' });
  const find = () => containers.find(({ Id, Name }) => Id === last || Name === '/' + last);
  if (verb === 'ps') return ok(containers.filter((one) => one.State.Running).map(({ Id }) => Id + '\\n').join(''));
  if (verb === 'container') return find() ? ok(JSON.stringify([find()])) : error('Error response from daemon: No such container: ' + last);
  if (verb === 'image') return images.has(last) ? ok('sha256:1111\\n') : error('Error response from daemon: No such image: ' + last);
  if (verb === 'save') return ok('image ' + last + '\\n');
  if (verb === 'images') return ok([...images].map(() => 'sha256:1111\\n').join(''));
  fs.appendFileSync(COMMANDS, 'docker ' + argv.join(' ') + '\\n');
  const running = { Status: 'running', Running: true, Pid: process.pid, ExitCode: 0 };
  if (verb === 'run') {
    const name = rest.find((word) => word.startsWith('--name=')).slice(7);
    const one = { Id: 'c0ffee' + ++count, Name: '/' + name, Image: 'sha256:1111', State: running };
    if (rest.includes('--rm')) return ok('done\\n');
    containers.push(one);
  } else if (verb === 'load') return ok('Loaded image: ' + input);
  else if (!find()) return error('Error response from daemon: No such container: ' + last);
  else if (verb === 'start') find().State = running;
  else if (verb === 'stop' || verb === 'kill') find().State = { Status: 'exited', Running: false, ExitCode: 0 };
  else if (verb === 'rm') containers = containers.filter((one) => one !== find());
  fs.writeFileSync(file, JSON.stringify(containers));
  return ok(last + '\\n');
}
try { fs.unlinkSync(socket); } catch {}
const server = net.createServer({ allowHalfOpen: true }, (connection) => {
  let text = '';
  connection.on('data', (part) => (text += part));
  connection.on('end', () => {
    const { argv, input } = JSON.parse(text);
    connection.end(JSON.stringify(answer(argv, input)));
  });
  connection.on('error', () => undefined);
});
process.on('SIGTERM', () => {
  note('SIGTERM');
  if (words.includes('--deaf')) return;
  fs.rmSync(after('-p'), { force: true });
  fs.rmSync(socket, { force: true });
  process.exit(0);
});
fs.writeFileSync(after('-p'), String(process.pid));
setTimeout(() => server.listen(socket), words.includes('--slow') ? 700 : 50);
`;

const clientText = `
const fs = require('node:fs');
const net = require('node:net');
const [, , ...words] = process.argv;
let at = 'unix:///var/run/docker.sock';
if (words[0] === '-H') [, at] = words.splice(0, 2);
const fail = () => {
  console.error('Cannot connect to the Docker daemon at ' + at + '. Is the docker daemon running?');
  process.exit(1);
};
const input = words[0] === 'load' ? fs.readFileSync(0, 'utf8') : '';
const connection = net.connect(at.replace('unix://', ''));
connection.on('error', fail);
let text = '';
connection.on('data', (part) => (text += part));
connection.on('end', () => {
  if (text === '') return fail();
  const { exitCode, stdout, stderr } = JSON.parse(text);
  fs.writeSync(1, stdout);
  fs.writeSync(2, stderr);
  process.exitCode = exitCode;
});
connection.end(JSON.stringify({ argv: words, input }));
`;

export function createFakeDocker(): FakeDocker {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-docker-'));
  const lives = join(place, 'lives');
  const commands = join(place, 'commands');
  const pids = join(place, 'pids');
  onTestFinished(() => {
    for (const pid of linesOf(pids).map(Number)) {
      if (argvOfProcess(pid).some((word) => word.startsWith(place))) endQuietly(pid);
    }
    rmSync(place, { recursive: true, force: true });
  });
  mkdirSync(join(place, 'bin'));
  const program = (name: string, text: string): string => {
    const file = join(place, 'bin', name);
    const constants = `const LIVES = ${JSON.stringify(lives)}, COMMANDS = ${JSON.stringify(commands)}, PIDS = ${JSON.stringify(pids)};`;
    writeFileSync(file, `#!${process.execPath}\n${constants}${text}`, { mode: 0o755 });
    return file;
  };
  const [client, daemon] = [program('docker', clientText), program('dockerd', daemonText)];
  return {
    client,
    daemon,
    keywords: `docker_exe = ${client}\ndockerd_exe = ${daemon}\n`,
    commands: () => linesOf(commands),
    lives: () => linesOf(lives),
  };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
