import { join } from 'node:path';
import type { Values } from '../config/keyword.js';
import { type Evaluator, readSection } from '../config/values.js';
import type { DockerFacts } from '../driver/contract.js';
import { serviceKeywords } from './keywords.js';

const { container_data_dir, docker_daemon_private, docker_daemon_args, docker_exe, dockerd_exe } =
  serviceKeywords;
const keywords = {
  container_data_dir,
  docker_daemon_private,
  docker_daemon_args,
  docker_exe,
  dockerd_exe,
};

type Header = Partial<Values<typeof keywords>>;

/**
 * How a service reaches docker: with `container_data_dir` it has a daemon of its own.
 * @param directory of the service
 */
export function dockerFacts(header: Header, directory: string): DockerFacts {
  const { container_data_dir: dataDirectory, docker_daemon_private: isPrivate = true } = header;
  return {
    program: header.docker_exe ?? 'docker',
    daemon:
      dataDirectory === undefined || !isPrivate
        ? undefined
        : {
            program: header.dockerd_exe ?? 'dockerd',
            dataDirectory,
            socket: join(directory, 'docker.sock'),
            pidFile: join(directory, 'docker.pid'),
            logFile: join(directory, 'dockerd.log'),
            options: header.docker_daemon_args ?? [],
          },
  };
}

/** The same for a service of which only the file was read. */
export function readDockerFacts(evaluator: Evaluator, directory: string): DockerFacts {
  return dockerFacts(readSection(evaluator, 'DEFAULT', keywords).partial, directory);
}
