type SystemError = Error & { readonly code?: string };

/** What the certificate's codes of Node mean here, and the way out. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; it needs a new one',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; look at both clocks',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted(),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted(),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted(),
  CERT_UNTRUSTED: untrusted(),
  CERT_SIGNATURE_FAILURE: untrusted(),
};

/** A TLS record was expected, and something else came, or the other way round. */
const NO_TLS_THERE = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|UNKNOWN_PROTOCOL/;
const CERTIFICATE_WANTED = /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_CERTIFICATE/;
const CUT_OFF = /^(ECONNRESET|EPIPE|ERR_STREAM_DESTROYED)$/;

/** How far a connection ever came. */
export interface ConnectAttempt {
  readonly url: string;
  /** The server has ended it without a word at least once. */
  readonly wasCutOff: boolean;
  readonly hasBeenReady: boolean;
}

/** Why there is no connection, as the end of a sentence. */
export function connectReason(error: SystemError | undefined, { url, wasCutOff, hasBeenReady }: ConnectAttempt): string {
  const tls = url.startsWith('rediss:');
  const code = error?.code ?? '';
  if (CERTIFICATE[code]) return `${CERTIFICATE[code]} (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another host: ${error?.message ?? ''} TORCH_LOG_SERVER_NAME says which name to expect (${code})`;
  if (tls && NO_TLS_THERE.test(code)) return `it does not speak TLS there; use redis://, or its TLS port (${code})`;
  if (tls && CERTIFICATE_WANTED.test(code))
    return `it does not take this client's certificate; see TORCH_LOG_CERT and TORCH_LOG_KEY (${code})`;
  const cutOff = CUT_OFF.test(code) || (error === undefined && wasCutOff);
  if (cutOff && !hasBeenReady) {
    const why = tls ? 'does it ask for a client certificate (TORCH_LOG_CERT, TORCH_LOG_KEY)?' : 'does it expect TLS (rediss://)?';
    return `it ended the connection before it answered; ${why}${code && ` (${code})`}`;
  }
  if (tls && !hasBeenReady && (error === undefined || code === 'ETIMEDOUT'))
    return 'it has not answered in TLS; where it does not speak TLS, use redis://, or its TLS port';
  return error?.message || code || 'no answer';
}

function untrusted(): string {
  return 'its certificate is not signed by an authority that is trusted here; name the one that signed it with TORCH_LOG_CA';
}
