/* Writes two contents in turn until it is killed: `write-alternately.mjs FILE BYTES`. */
import { writeFileAtomic } from '../../../src/state/atomic-write.ts';

const [file = '', bytes = '0'] = process.argv.slice(2);
const contents = ['a', 'b'].map((letter) => letter.repeat(Number(bytes)));

for (let turn = 0; ; turn++) {
  await writeFileAtomic(file, contents[turn % 2] ?? '', 0o600);
  if (turn === 1) process.stdout.write('writing\n');
}
