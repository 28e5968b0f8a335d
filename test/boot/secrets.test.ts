import { describe, expect, test } from 'vitest';
import { secretIn, secretsIn } from '../../src/boot/secrets.js';

const SHA512_CRYPT = '$6$rounds=5000$saltsalt$eNbJPvsXdnKhKbyT8xZtRJkpGkEOyCdzgyFXk0VZ1bKZ';

describe('fields that hold secrets, whatever these look like', () => {
  const user = (passwordHash: unknown) => ({ passwd: { users: [{ name: 'core', passwordHash }] } });
  const resource = (httpHeaders: object[]) => ({ storage: { files: [{ contents: { source: null, httpHeaders } }] } });

  test.each([
    ['a password hash', user('rl.3StKT.4T8M'), 'passwd.users.0.passwordHash'],
    ['a password hash', user('$7$CU..../....2Q9obwLhin8qvQl6sisAO/$E1HizYWxBmnIH4sdPkd1UOML9t62Gf'), ''],
    ['a password hash', user('$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub'), ''],
    [
      'the key of an encrypted disk',
      { storage: { luks: [{ name: 'data', keyFile: { source: 'data:,secret' } }] } },
      'storage.luks.0.keyFile.source',
    ],
    [
      'credentials in an HTTP header',
      resource([
        { name: 'Accept', value: '*/*' },
        { name: 'authorization', value: 'Basic bWU6c2VjcmV0' },
      ]),
      'storage.files.0.contents.httpHeaders.1.value',
    ],
    [
      'credentials in an HTTP header',
      resource([{ name: 'Cookie', value: 'session=1' }]),
      'storage.files.0.contents.httpHeaders.0.value',
    ],
    ['credentials in an HTTP header', resource([{ name: 'X-Auth-Token', value: 'x' }]), ''],
  ])('%s: %j', (what, config, path) => {
    const found = secretsIn(config);
    expect(found.map((each) => each.what)).toEqual([what]);
    expect(found[0]?.path.join('.')).toContain(path);
  });

  test.each([
    user(null),
    user('*'),
    user('!!'),
    resource([{ name: 'Accept', value: 'text/plain' }]),
    resource([{ name: 'Cookie', value: null }]),
    { storage: { luks: [{ name: 'data', clevis: { tpm2: true } }] } },
  ])('none in %j', (config) => {
    expect(secretsIn(config)).toEqual([]);
  });
});

describe('texts', () => {
  test.each([
    ['a password hash', `HASH=${SHA512_CRYPT}`],
    ['a password hash', `root:${SHA512_CRYPT}:19000::`],
    ['a password hash', '{CRYPT}$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
    ['a password hash', 'x $argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG'],
    ['a password hash', 'x=$7$CU..../....2Q9obwLhin8qvQl6sisAO/$E1HizYWxBmnIH4sdPkd1UOML9t62Gf'],
    ['a password in a URL', 'https_proxy=http://me:hunter2@proxy.lab:3128'],
    ['a password in a URL', 'redis://:hunter2@db/0'],
    ['a bootstrap token', 'kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --discovery…'],
    ['a bootstrap token', '{"token":"07401b.f395accd246ae52d"}'],
  ])('%s: %j', (what, text) => {
    expect(secretIn(text)).toBe(what);
    expect(secretsIn({ source: `data:,${encodeURIComponent(text)}` })).toEqual([{ path: ['source'], what }]);
  });

  test.each([
    'echo $1$2 $5$NAME$OTHER',
    'http://10.0.0.1:8080/images/x@2.img and http://[fd00::1]:8080/@',
    'ssh://core@10.0.0.4:22',
    'http://$USER:$PASSWORD@proxy',
    'server.kubernetescluste 10.0.0.1',
    'flatcar.1234567890123456 a.abcdef.0123456789abcdef',
  ])('none in %j', (text) => {
    expect(secretIn(text)).toBeUndefined();
  });
});
