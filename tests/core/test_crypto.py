import pytest
from cryptography.exceptions import InvalidTag

from app.core.crypto import Keyring, mask_id_number, mask_phone


def test_a_text_comes_back_and_never_looks_the_same_twice() -> None:
    keys = Keyring("secret")
    first, second = keys.encrypt("430102199001011234"), keys.encrypt("430102199001011234")
    assert first != second
    assert keys.decrypt(first) == keys.decrypt(second) == "430102199001011234"


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(InvalidTag):
        Keyring("other").decrypt(Keyring("secret").encrypt("text"))


def test_digest_finds_the_same_number_whatever_its_case() -> None:
    keys = Keyring("secret")
    assert keys.digest("11010519491231002x ") == keys.digest("11010519491231002X")
    assert keys.digest("1") != Keyring("other").digest("1")


def test_token_holds_for_its_own_text_only() -> None:
    keys = Keyring("secret")
    token = keys.token("A01")
    assert len(token) == 22
    assert keys.token_holds("A01", token)
    assert not keys.token_holds("A02", token)


@pytest.mark.parametrize(
    ("text", "masked"),
    [("430102199001011234", "430102********1234"), ("123", "***"), ("", "")],
)
def test_mask_id_number(text: str, masked: str) -> None:
    assert mask_id_number(text) == masked


@pytest.mark.parametrize(("text", "masked"), [("13812345678", "138****5678"), ("12345", "*****")])
def test_mask_phone(text: str, masked: str) -> None:
    assert mask_phone(text) == masked
