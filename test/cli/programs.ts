/** Both programs and what their tests share. */
import { nodemgrProgram } from '../../lib/cli/nodemgr/program.js';
import { svcmgrProgram } from '../../lib/cli/svcmgr/program.js';

export const programs = [nodemgrProgram, svcmgrProgram];

/** Every command of both programs, with the name of its program. */
export const everyCommand = programs.flatMap(({ name, commands }) =>
  commands.map((entry) => ({ program: name, words: entry.words, entry })),
);

/** A node on which nothing runs by itself. */
export const quietNode = `
[checks]
schedule =
[stats_collection]
schedule =
[asset]
schedule =
[packages]
schedule =
`;
