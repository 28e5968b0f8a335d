import { describe, expect, it } from 'vitest';
import { selectBookworm } from './apt-sources.js';

const STANZAS = `# comment
Types: deb
# another
URIs: http://deb.example.test/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://deb.example.test/debian
Suites: trixie
Components: main

Types: deb
URIs: http://vendor.example.test/
Suites: bookworm
Components: stable

Types: deb
Enabled: no
URIs: http://off.example.test/
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example.test/
Suites: bookworm
Components: main
`;

describe('selectBookworm', () => {
  it('keeps Debian 12 main of a deb822 file', () => {
    expect(selectBookworm({ text: STANZAS, format: 'deb822' })).toBe(
      `Types: deb
Uris: http://deb.example.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----
`,
    );
  });

  it('keeps Debian 12 main of a one-line file, options included', () => {
    const text = [
      '# deb http://off.example.test bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://deb.example.test/debian bookworm main contrib # why',
      'deb http://deb.example.test/debian-security bookworm-security main',
      'deb http://deb.example.test/debian trixie main',
      'deb-src http://deb.example.test/debian bookworm main',
      'deb http://vendor.example.test bookworm stable',
    ].join('\n');
    expect(selectBookworm({ text, format: 'one-line' })).toBe(
      'deb [arch=amd64 signed-by=/k.gpg] http://deb.example.test/debian bookworm main\n' +
        'deb http://deb.example.test/debian-security bookworm-security main\n',
    );
  });

  it('asks the same places for another release, without its updates', () => {
    const select = (text: string, format: 'deb822' | 'one-line') => selectBookworm({ text, format, release: 'trixie' });
    expect(select(STANZAS, 'deb822')).toMatch(/^Types: deb\nUris: http:\/\/deb.example.test\/debian\nSuites: trixie\n/);
    const lines = [
      'deb http://deb.example.test/debian bookworm main contrib',
      'deb http://deb.example.test/debian-security bookworm-security main',
    ];
    expect(select(lines.join('\n'), 'one-line')).toBe('deb http://deb.example.test/debian trixie main\n');
  });

  it('is empty when nothing fits', () => {
    expect(selectBookworm({ text: 'deb http://d.example.test trixie main\n', format: 'one-line' })).toBe('');
    expect(selectBookworm({ text: '', format: 'deb822' })).toBe('');
  });
});
