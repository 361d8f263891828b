"""Encryption at rest for identity numbers and phones, and the keyed digests that find them again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class Keyring:
    """The keys derived from the configured secret, one per purpose."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._data = AESGCM(self._derive(b"personal-data"))
        self._digest = self._derive(b"personal-data-digest")
        self._chain = self._derive(b"audit-chain")
        self._token = self._derive(b"public-token")

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(self._secret)

    def encrypt(self, text: str) -> str:
        return self.seal(text.encode())

    def decrypt(self, stored: str) -> str:
        return self.unseal(stored).decode()

    def seal(self, content: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + self._data.encrypt(nonce, content, None)).decode()

    def unseal(self, stored: str) -> bytes:
        raw = memoryview(base64.b64decode(stored))
        return self._data.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)

    def digest(self, text: str) -> str:
        """Hex HMAC-SHA-256: equal texts give equal digests, and nothing can be read back."""
        return hmac.new(self._digest, text.strip().upper().encode(), hashlib.sha256).hexdigest()

    def chain(self, previous: str, entry: str) -> str:
        """The keyed hash that ties an audit or certificate log entry to the one before it."""
        return hmac.digest(self._chain, f"{previous}\n{entry}".encode(), "sha256").hex()

    def token(self, text: str) -> str:
        """A short keyed check (22 characters, URL-safe) for payloads the public hands back to us."""
        mac = hmac.new(self._token, text.encode(), hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def token_holds(self, text: str, token: str) -> bool:
        return hmac.compare_digest(self.token(text), token)


_keyring: Keyring | None = None


def configure(secret: str) -> None:
    """Set the process's keys, once, when the application is made."""
    global _keyring
    _keyring = Keyring(secret)


def keys() -> Keyring:
    if _keyring is None:
        raise RuntimeError("crypto.configure() has not been called")
    return _keyring


def mask_id_number(text: str) -> str:
    """430102********1234: region and the last four stay, the birthday goes."""
    return text[:6] + "*" * max(len(text) - 10, 0) + text[-4:] if len(text) > 10 else "*" * len(text)


def mask_phone(text: str) -> str:
    return text[:3] + "****" + text[-4:] if len(text) >= 8 else "*" * len(text)
