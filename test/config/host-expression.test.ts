import { describe, expect, test } from 'vitest';
import { hostsOfFlag, namesOfFlag, parseHosts } from '../../src/config/host-expression.js';
import { nodeNameProblem, sshHostProblem } from '../../src/config/names.js';
import { DisklessError } from '../../src/errors.js';

const short = (expression: string): string[] =>
  parseHosts(expression).hosts.map(({ name, ssh: { host, user, port } }) => [name, host, user, port].join(' ').trim());

const names = (expression: string): string[] => parseHosts(expression).hosts.map(({ name }) => name);

describe('what stands for which hosts', () => {
  test.each([
    ['s4,s5,s6', ['s4', 's5', 's6']],
    [' s4 , s5 ', ['s4', 's5']],
    ['s[4-6]', ['s4', 's5', 's6']],
    ['s[09-11]', ['s09', 's10', 's11']],
    ['s[004-006]', ['s004', 's005', 's006']],
    ['s[9-11]', ['s9', 's10', 's11']],
    ['s[1,4-5]', ['s1', 's4', 's5']],
    ['s[7]', ['s7']],
    ['rack[1-2]-s[1-3]', ['rack1-s1', 'rack1-s2', 'rack1-s3', 'rack2-s1', 'rack2-s2', 'rack2-s3']],
    ['s4.lab.example.org,x[1-2].lab', ['s4.lab.example.org', 'x1.lab', 'x2.lab']],
  ])('%s', (expression, expected) => {
    expect(parseHosts(expression).problems).toEqual([]);
    expect(names(expression)).toEqual(expected);
  });

  test.each([
    ['s4=10.0.0.4', ['s4 10.0.0.4']],
    ['core@s4', ['s4 s4 core']],
    ['core@s4:2222', ['s4 s4 core 2222']],
    ['s4=core@10.0.0.4:2222', ['s4 10.0.0.4 core 2222']],
    ['s4=[fd00::4]', ['s4 fd00::4']],
    ['s4=core@[fe80::4%eth0]:22', ['s4 fe80::4%eth0 core 22']],
    ['s[4-5]=10.0.0.[4-5]', ['s4 10.0.0.4', 's5 10.0.0.5']],
    ['s4=Alias-Of_ssh.config', ['s4 Alias-Of_ssh.config']],
  ])('%s', (expression, expected) =>
    expect(short(expression).map((text) => text.replace(/ +/g, ' '))).toEqual(expected),
  );

  test('only a bare name leaves the SSH settings open', () => {
    const bare = parseHosts('s4,s5=s5,core@s6,s7:22').hosts.map((host) => host.bare);
    expect(bare).toEqual([true, false, false, false]);
  });
});

describe('what is wrong where', () => {
  test.each([
    ['', 1, 'a host is missing here'],
    ['s4,,s5', 4, 'a host is missing here'],
    ['s4,', 4, 'a host is missing here'],
    ['s4 s5', 3, 'white space'],
    ['s4,s[6-4]', 5, 'the range 6-4 runs backwards'],
    ['s[4-6', 2, 'the bracket is not closed'],
    ['s4]', 1, 'neither a host name nor an address'],
    ['s[]', 2, '"" is not a range'],
    ['s[a-c]', 2, '"a-c" is not a range'],
    ['s[[4]]', 2, '"[4" is not a range'],
    ['s[1-100000000]', 2, 'more than 5000'],
    ['s[1-100][1-100]', 9, 'more than 5000'],
    ['s4,S5', 4, 'must be in lower case'],
    ['s4,10.0.0.5', 4, 'is an address, and a node needs a name'],
    ['[fd00::4]', 1, 'is an address'],
    ['s4=fd00::4', 4, 'an IPv6 address stands in brackets'],
    ['s4=', 4, 'the host is empty'],
    ['=10.0.0.4', 1, 'must consist of'],
    ['s4=@h', 4, 'the user is empty'],
    ['-o@s4', 1, 'is not a user name'],
    ['s4=-oProxyCommand', 4, 'neither a host name nor an address'],
    ['s4:', 4, 'is not a port'],
    ['s4:0', 4, 'is not a port'],
    ['s4:65536', 4, 'is not a port'],
    ['s4:22[00]', 4, 'is not a port'],
    ['s4=u@h:ssh', 8, 'is not a port'],
    ['s4,s5,s4', 7, 's4 is named twice'],
    ['s[4-5],s5', 8, 's5 is named twice'],
    ['s[4-6]=10.0.0.[4-5]', 1, 'differ in number: 3 and 2'],
    ['s4=10.0.0.[4-5]', 1, 'differ in number: 1 and 2'],
  ])('%j, position %d: %s', (expression, position, message) => {
    const { problems } = parseHosts(expression);
    expect(problems.map((problem) => problem.position + 1)).toEqual([position]);
    expect(problems[0]?.message).toContain(message);
  });

  test.each([
    ['core@10.0.0.5:22', 'give it one: s4=core@10.0.0.5:22'],
    ['[fd00::4]', 'give it one: s4=[fd00::4]'],
    ['S5', 'give it one: s5=S5'],
    ['s_5', 'give it one: s4=s_5'],
    ['s[6-4]', 'did you mean [4-6]?'],
  ])('%s: %s', (expression, hint) => expect(parseHosts(expression).problems[0]?.hint).toBe(hint));
});

const thrown = (action: () => unknown): DisklessError => {
  try {
    action();
  } catch (error) {
    if (error instanceof DisklessError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test('a flag shows all places under the expression', () => {
  const error = thrown(() => hostsOfFlag('--hosts', 's4,s[6-4],,S5'));
  expect(error).toMatchObject({ code: 'host-expression', exit: 2, message: '--hosts: 3 problems' });
  expect(error.detail?.split('\n')).toEqual([
    's4,s[6-4],,S5',
    '    ^     ^^',
    'position 5: the range 6-4 runs backwards; did you mean [4-6]?',
    'position 11: a host is missing here',
    'position 12: the node name "S5" must be in lower case; give it one: s5=S5',
  ]);
});

test('a single problem is the message', () => {
  const error = thrown(() => hostsOfFlag('--hosts', '10.0.0.4'));
  expect(error.message).toBe(
    '--hosts: position 1: "10.0.0.4" is an address, and a node needs a name that outlives its address; give it one: s4=10.0.0.4',
  );
});

test('names only, where names are asked for', () => {
  expect(namesOfFlag('--control-plane', 's[4-6]')).toEqual(['s4', 's5', 's6']);
  expect(thrown(() => namesOfFlag('--control-plane', 's4,s5=10.0.0.5')).message).toContain('position 4');
});

test('whatever is typed, it is refused with a place or gives valid hosts', () => {
  const pieces = [
    's',
    '4',
    '10.0.0.4',
    '[',
    ']',
    '4-6',
    ',',
    '=',
    '@',
    ':',
    '22',
    'fd00::4',
    ' ',
    '-',
    '.',
    'S',
    '%',
    ';',
  ];
  let seed = 20261120;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  let accepted = 0;
  const surprises: string[] = [];
  for (let round = 0; round < 10_000; round++) {
    const expression = Array.from({ length: 1 + random(9) }, () => pieces[random(pieces.length)]).join('');
    const { hosts, problems } = parseHosts(expression);
    const placed = problems.every(({ position }) => position >= 0 && position <= expression.length);
    const valid = hosts.every(({ name, ssh }) => (nodeNameProblem(name) ?? sshHostProblem(ssh.host)) === undefined);
    if (!placed || !valid || hosts.length + problems.length === 0) surprises.push(expression);
    if (problems.length === 0) accepted++;
  }
  expect(surprises).toEqual([]);
  expect(accepted).toBeGreaterThan(100);
});
