"""The main job with its mails: a receipt, an assignment, an answer; written to files as in the demo."""

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import pytest

from app.settings import Settings
from app.wiring import make_worker
from factories.feedback import PLAIN, add_staff, hidden, sign_in, tracking_code
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]


def mails(settings: Settings, slug: str) -> list[tuple[str, str, str]]:
    """(recipient, subject, text) of the mails of a city, oldest first."""
    folder = Path(unquote(urlsplit(settings.mail_url).path)) / slug
    found = []
    for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        assert mail.get_body(("html",)) is not None
        found.append((mail["to"], mail["subject"], body.get_content()))
    return found


@pytest.mark.parametrize(("language", "word"), [("fi", "viitenumero"), ("sv", "referens"), ("en", "reference")])
async def test_the_sender_gets_receipt_and_answer_in_their_language_and_the_unit_is_told(
    language: str, word: str, clients: Clients, services: Services, settings: Settings, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(settings, mail_url=tmp_path.as_uri())
    worker = make_worker(settings, services)
    staff_email = await add_staff(services, "kerava")
    resident = clients("kerava")
    page = await resident.post(
        f"/feedback/new?lang={language}",
        data={
            "kind": "question", "category": PLAIN["kerava"], "text": "Onko kirjasto auki pyhäinpäivänä?",
            "publication.permission": "none", "idempotency_key": f"mail {language}", "contact.email": "own@example.org",
            "wants_reply": "yes",
        },
    )  # fmt: skip
    assert page.status_code == 201
    await worker.drain()
    receipt = [mail for mail in mails(settings, "kerava") if mail[0] == "own@example.org"]
    told = [mail for mail in mails(settings, "kerava") if mail[0] == staff_email]
    assert len(receipt) == len(told) == 1
    assert word in (receipt[0][1] + receipt[0][2]).lower()
    assert tracking_code(page.text) not in receipt[0][2], "the code stands on the receipt page only"
    assert "pyhäinpäivänä" not in told[0][2], "no resident's words in mail to staff"

    staff = clients("kerava")
    await sign_in(staff, staff_email)
    inbox = await staff.get("/desk")
    reference = inbox.text.split('href="/desk/feedback/', 1)[1].split('"', 1)[0]
    await staff.post(
        f"/desk/feedback/{reference}/answer",
        data={"csrf_token": hidden(inbox.text, "csrf_token"), "version": "1", "text": "Kyllä on <auki> & lämmintä."},
    )
    await worker.drain()
    await worker.drain()
    answers = [mail for mail in mails(settings, "kerava") if "Kyllä on <auki> & lämmintä." in mail[2]]
    assert [mail[0] for mail in answers] == ["own@example.org"]
    detail = (await staff.get(f"/desk/feedback/{reference}")).text
    assert "Toimitettu" in detail or "Perillä" in detail or "Lähetetty" in detail
    assert mails(settings, "jarvenpaa") == []
