import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Files in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority of a test's own, which signs certificates. */
export interface TestAuthority {
  /** File with its certificate, in PEM. */
  readonly ca: string;
  /** @param names such as `DNS:localhost,IP:127.0.0.1`. @param days until it expires; a negative number: it has. */
  sign(name: string, names?: string, days?: number): CertificateFiles;
}

/** Makes an authority with files in `directory`. @throws Error when `openssl` is not on the PATH. */
export function createTestAuthority(directory: string, name = 'ca'): TestAuthority {
  const at = (file: string): string => join(directory, `${name}-${file}`);
  const [ca, caKey] = [at('ca.crt'), at('ca.key')];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', ca, '-subj', `/CN=Torch test ${name}`, '-days', '2');
  return {
    ca,
    sign(subject, names = 'DNS:localhost,IP:127.0.0.1', days = 2) {
      const [cert, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((ending) => at(`${subject}.${ending}`)) as [
        string,
        string,
        string,
        string,
      ];
      openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`);
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', String(days), '-extfile', extensions];
      openssl('x509', '-req', '-in', request, ...signing, '-out', cert);
      return { cert, key };
    },
  };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
