import { describe, expect, it } from 'vitest';
import { createOperator } from './cli.js';

describe('up --wait', () => {
  it.each(['10', 'soon', '-5m', '0s', '2000m'])('refuses %j before anything else', async (value) => {
    const { exit, stderr } = await createOperator().run(['up', '--hosts', 's4', `--wait=${value}`]);
    expect(exit).toBe(2);
    expect(stderr).toContain('--wait');
    expect(stderr).toContain('such as 90s or 10m');
  });

  it('is not for plan, which has no time to wait', async () => {
    const { exit, stderr } = await createOperator().run(['plan', '--hosts', 's4', '--wait', '10m']);
    expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining("unknown option '--wait'") });
  });

  it('stands in the help of up', async () => {
    expect((await createOperator().run(['up', '--help'])).stdout).toContain('--wait <time>');
  });
});
