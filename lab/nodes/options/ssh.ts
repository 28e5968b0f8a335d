import type { NodeTraits, SshFault } from '../traits.js';
import { addUnit, type NodeOption, NUMBER, PORT } from './option.js';

const BREAK = { placeholder: 'BYTES[:COUNT]', example: '20000000:1', pattern: /^[0-9]+(:[1-9][0-9]*)?$/ };

export const SSH_OPTIONS: readonly NodeOption[] = [
  {
    name: 'ssh-reset',
    value: BREAK,
    summary: 'SSH connections are reset after BYTES from the client, the first COUNT of them or all',
    apply: (traits, value) => {
      traits.disturbance.ssh = parseBreak(value, 'reset');
    },
  },
  {
    name: 'ssh-stall',
    value: BREAK,
    summary: 'SSH connections fall silent after BYTES from the client, the first COUNT of them or all',
    apply: (traits, value) => {
      traits.disturbance.ssh = parseBreak(value, 'stall');
    },
  },
  {
    name: 'ssh-port',
    value: PORT,
    summary: 'sshd listens there instead of at 22',
    apply: (traits, value) => {
      traits.sshPort = Number(value);
      traits.files.push({
        path: '/etc/systemd/system/sshd.socket.d/port.conf',
        content: `[Socket]\nListenStream=\nListenStream=${value}\n`,
      });
    },
  },
  {
    name: 'ssh-sessions',
    value: NUMBER,
    summary: 'sshd opens no more sessions than this on one connection',
    apply: (traits, value) => {
      traits.files.push({ path: '/etc/ssh/sshd_config.d/sessions.conf', content: `MaxSessions ${value}\n` });
    },
  },
  {
    name: 'no-sudo',
    summary: 'core may not use sudo at all',
    apply: (traits) => {
      traits.prepare.push("rm -f etc/sudoers.d/core && sed -i '/^%sudo/d' etc/sudoers");
    },
  },
  {
    name: 'sudo-password',
    summary: 'sudo asks core for a password',
    apply: (traits) => {
      traits.prepare.push("echo 'core ALL=(ALL:ALL) ALL' >etc/sudoers.d/core");
    },
  },
  {
    name: 'user',
    value: { placeholder: 'NAME', example: 'admin', pattern: /^[a-z][a-z0-9-]{0,20}$/ },
    summary: 'a second user beside core, with the same key and sudo right',
    apply: addUser,
  },
  {
    name: 'noisy-shell',
    summary: 'the login shell greets on stdout, also when a command is run over SSH',
    apply: (traits) => {
      traits.files.push({ path: '/home/core/.bashrc', content: 'echo "Welcome, $USER! Today is $(date)."\n' });
    },
  },
  {
    name: 'port-taken',
    value: PORT,
    summary: 'a stranger listens at this TCP port',
    apply: takePort,
  },
];

function parseBreak(value: string, how: SshFault['how']): SshFault {
  const [bytes, count] = value.split(':');
  return { how, afterBytes: Number(bytes), ...(count === undefined ? {} : { connections: Number(count) }) };
}

function addUser(traits: NodeTraits, name: string): void {
  traits.prepare.push(
    `chroot . useradd --create-home --shell /bin/bash ${name}`,
    `cp -a home/core/.ssh home/${name}/.ssh && chroot . chown -R ${name}: /home/${name}/.ssh`,
    `echo '${name} ALL=(ALL:ALL) NOPASSWD: ALL' >etc/sudoers.d/${name} && chmod 440 etc/sudoers.d/${name}`,
  );
}

/** By a socket unit: it listens before sshd lets anybody in. */
function takePort(traits: NodeTraits, port: string): void {
  const stranger = `stranger-${port}`;
  traits.files.push({
    path: `/etc/systemd/system/${stranger}@.service`,
    content: '[Service]\nExecStart=/bin/cat\nStandardInput=socket\n',
  });
  addUnit(traits, {
    name: `${stranger}.socket`,
    content: `[Socket]\nListenStream=0.0.0.0:${port}\nAccept=yes\n`,
    wantedBy: 'sockets.target',
  });
}
