"""The words for our codes: states, problems, errors, steps of the history.

Tables of English sentences, translated where they are shown.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from kernel.errors import FieldProblem
from kernel.i18n import N_, Catalog

_STATUS = {
    "received": N_("Received"),
    "in_progress": N_("Being processed"),
    "waiting_for_resident": N_("Awaiting more information"),
    "planned": N_("Planned"),
    "answered": N_("Answered"),
    "handled": N_("Handled"),
    "transferred": N_("Transferred to another authority"),
    "rejected": N_("Rejected"),
    "merged": N_("Merged with another feedback"),
}

_STATUS_FOR_SENDER = {
    "received": N_("We have received your feedback. Nobody has started to handle it yet."),
    "in_progress": N_("Somebody is handling your feedback now."),
    "waiting_for_resident": N_("We need more information from you. Read our question below and write to us."),
    "planned": N_("We know what will be done and will do it later."),
    "answered": N_("We have answered you. You can read the answer below."),
    "handled": N_("We have handled your feedback. No separate answer is coming."),
    "transferred": N_("Your feedback belongs to another authority. We have sent it there."),
    "rejected": N_("We do not handle this feedback, because it is not appropriate."),
    "merged": N_("Somebody told us about the same matter. You will get the answer to that feedback."),
}

_DUE = {
    "on_time": N_("On time"),
    "due_soon": N_("Due soon"),
    "overdue": N_("Overdue"),
    "paused": N_("Clock paused"),
    "closed": N_("Closed"),
}

_PERMISSION = {
    "none": N_("The sender does not allow publishing"),
    "anonymous": N_("May be published without a name"),
    "nickname": N_("May be published under a nickname"),
}

_PUBLICATION = {
    "not_permitted": N_("No permission to publish"),
    "awaiting_decision": N_("Awaiting decision on publishing"),
    "published": N_("Published"),
    "withheld": N_("Not published"),
    "withdrawn": N_("Removed from publication"),
}

_PUBLICATION_FOR_SENDER = {
    "not_permitted": N_("Your feedback is not published, because you have not given permission."),
    "awaiting_decision": N_("We have not decided yet whether to publish your feedback."),
    "published": N_("Your feedback is published."),
    "withheld": N_("We decided not to publish your feedback."),
    "withdrawn": N_("Your feedback has been removed from the public page."),
}

_CHANNEL = {
    "web": N_("Web form"),
    "api": N_("Another service"),
    "phone": N_("Phone"),
    "counter": N_("Service point"),
    "email": N_("E-mail"),
    "social": N_("Social media"),
    "import": N_("Imported"),
}

_MESSAGE = {
    "answer": N_("Answer"),
    "interim_reply": N_("Interim reply"),
    "question": N_("Question to the sender"),
    "resident_message": N_("Message from the sender"),
    "comment": N_("Internal comment"),
}

_MESSAGE_FOR_SENDER = {
    "answer": N_("Answer"),
    "interim_reply": N_("Interim reply"),
    "question": N_("Question to you"),
    "resident_message": N_("Your message"),
}

_DELIVERY_STATE = {
    "scheduled": N_("Waiting to be sent"),
    "sending": N_("Being sent"),
    "delivered": N_("Delivered"),
    "undeliverable": N_("Could not be delivered"),
}

_WAITING = {"feedback": N_("Feedback"), "answer": N_("Answer")}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "status": _STATUS,
        "status_for_sender": _STATUS_FOR_SENDER,
        "due": _DUE,
        "permission": _PERMISSION,
        "publication": _PUBLICATION,
        "publication_for_sender": _PUBLICATION_FOR_SENDER,
        "channel": _CHANNEL,
        "message": _MESSAGE,
        "message_for_sender": _MESSAGE_FOR_SENDER,
        "delivery": _DELIVERY_STATE,
        "waiting": _WAITING,
    }
)
"""Table → code → sentence, for the template filter `named`."""

_STEPS = {
    "received": N_("Feedback received"),
    "assigned": N_("Taken to be handled"),
    "answered": N_("Answered"),
    "interim_reply": N_("Interim reply sent"),
    "question_sent": N_("More information asked from the sender"),
    "commented": N_("Internal comment"),
    "status_changed": N_("State changed"),
    "reopened": N_("Taken up again"),
    "transferred": N_("Transferred to another unit"),
    "recategorised": N_("Topic changed"),
    "resident_message": N_("The sender wrote to us"),
    "contact_read": N_("Contact information opened"),
    "permission_changed": N_("The sender changed the permission to publish"),
    "permission_withdrawn": N_("The sender withdrew the permission to publish"),
    "published": N_("Published"),
    "withheld": N_("Not published"),
    "unpublished": N_("Removed from publication"),
    "updated": N_("Updated"),
}

_PROBLEMS = {
    ("kind", "required"): N_("Choose what kind of feedback you are giving"),
    ("category", "required"): N_("Choose a topic"),
    ("category", "not_for_this_kind"): N_("This topic does not take this kind of feedback. Choose another topic."),
    ("text", "required"): N_("Write your text"),
    ("text", "too_short"): N_("Write at least %(shortest)s characters. There are %(length)s now."),
    ("text", "too_long"): N_("Shorten the text: at most %(longest)s characters. There are %(length)s now."),
    ("location", "required"): N_("Tell us the place: an address or another description"),
    ("location.lat", "coordinate_missing"): N_("Give the latitude too, or remove the longitude"),
    ("location.lon", "coordinate_missing"): N_("Give the longitude too, or remove the latitude"),
    ("publication.permission", "required"): N_("Choose whether your feedback may be published"),
    ("publication.nickname", "required"): N_("Write the nickname"),
    ("publication.nickname", "too_short"): N_("The nickname must have at least %(shortest)s characters"),
    ("publication.nickname", "contact_data"): N_(
        "The nickname is public: leave out e-mail addresses and phone numbers"
    ),
    ("note", "required"): N_("Write what is planned"),
    ("cover_note", "required"): N_("Write a cover note for the unit that gets this"),
    ("authority", "required"): N_("Name the authority"),
    ("unit", "required"): N_("Choose a unit"),
    ("unit", "same_unit"): N_("This unit has the feedback already. Choose another."),
    ("reason", "required"): N_("Choose a reason"),
    ("reason", "not_for_this_kind"): N_("This reason is not enough for this kind of feedback. Choose another."),
    ("into", "required"): N_("Write the reference of the feedback this is merged into"),
    ("into", "not_mergeable"): N_("This cannot be merged into that feedback. Check the reference."),
    ("email", "required"): N_("Write your e-mail address"),
    ("password", "required"): N_("Write your password"),
    ("tracking_code", "required"): N_("Write the tracking code"),
    ("tracking_code", "unknown"): N_(
        "No feedback opens with this code. Check each character; the code has 23 letters and numbers."
    ),
    ("public_text", "required"): N_("Write the public text"),
}
"""What is said of one field, where the general sentence would not help."""

_PROBLEMS_IN_GENERAL = {
    "required": N_("This is needed"),
    "too_short": N_("At least %(shortest)s characters are needed. There are %(length)s now."),
    "too_long": N_("At most %(longest)s characters fit here. There are %(length)s now."),
    "unknown_value": N_("This choice is not available. Choose another."),
    "unreadable_characters": N_("There are characters here that cannot be read. Write it again."),
    "no_email": N_("This is not an e-mail address. Write it like this: name@example.org"),
    "no_phone": N_("This is not a phone number. Write it like this: 040 123 4567"),
    "no_coordinate": N_("This is not a coordinate. Write it with a decimal point, such as 60.1699."),
    "no_number": N_("This is not a number"),
    "too_many": N_("At most %(most)s photos can be sent. You chose %(count)s."),
    "photo_too_large": N_("A photo is too large. One photo may be at most %(largest_mb)s MB."),
    "photo_name_disagrees": N_("The file is not what its name says. Expected: %(expected)s"),
    "photo_too_many_pixels": N_("A photo has too many pixels. At most %(most_megapixels)s megapixels can be sent."),
    "no_photo": N_("A file is not a photo. Send JPEG, PNG, GIF, WebP or HEIC photos."),
    "photo_broken": N_("A photo is broken and cannot be opened. Send another copy of it."),
    "wrong_credentials": N_("The e-mail address or the password is wrong"),
}

_UNKNOWN_PROBLEM = N_("There is something wrong here. Check what you wrote.")


class ErrorWords(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told of an error."""

    title: str
    text: str
    remedy: str | None = None


_ERRORS_BY_STATUS = {
    400: ErrorWords(
        title=N_("The request could not be understood"),
        text=N_("Something in what your browser sent was not as it should be."),
        remedy=N_("Go back, load the page again and retry."),
    ),
    401: ErrorWords(
        title=N_("Log in first"),
        text=N_("This page is for the staff, and you are not logged in."),
        remedy=N_("Log in and try again."),
    ),
    403: ErrorWords(
        title=N_("You may not see this page"),
        text=N_("Your rights do not reach this."),
        remedy=N_("If you need it in your work, ask your administrator for the right."),
    ),
    404: ErrorWords(
        title=N_("Page not found"),
        text=N_("There is no such page, or it is no longer public."),
        remedy=N_("Check that the address is written right, or start from the front page."),
    ),
    405: ErrorWords(
        title=N_("This cannot be done here"),
        text=N_("The address exists but does not take what was sent to it."),
        remedy=N_("Start from the front page."),
    ),
    409: ErrorWords(
        title=N_("Things have changed meanwhile"),
        text=N_("What you tried no longer fits how things stand now."),
        remedy=N_("Open the page again and repeat what you were doing."),
    ),
    410: ErrorWords(
        title=N_("This is no longer here"),
        text=N_("It was here, but it has been removed or its time has run out."),
        remedy=N_("Start from the front page."),
    ),
    413: ErrorWords(
        title=N_("What you sent is too large"),
        text=N_("The photos together were larger than this service can receive."),
        remedy=N_("Go back, choose fewer or smaller photos and send again."),
    ),
    422: ErrorWords(
        title=N_("Something has to be corrected"),
        text=N_("What you sent has something missing or wrong."),
        remedy=N_("Go back, correct what is wrong and send again."),
    ),
    429: ErrorWords(
        title=N_("Too many attempts"),
        text=N_("There have been very many requests from your connection in a short time."),
        remedy=N_("Wait a while and try again. Nothing you sent successfully has been lost."),
    ),
    500: ErrorWords(
        title=N_("There is a fault in the service"),
        text=N_("Something went wrong on our side. It is not your fault, and we have been told about it."),
        remedy=N_("Try again in a moment. If the fault stays, tell us the number below."),
    ),
    503: ErrorWords(
        title=N_("The service is not available right now"),
        text=N_("We cannot serve you at the moment."),
        remedy=N_("Try again in a few minutes. If you were sending feedback, it was not received yet."),
    ),
}

_ERRORS_BY_CODE = {
    "unknown_host": ErrorWords(
        title=N_("No service at this address"),
        text=N_("No municipality has its feedback service here."),
        remedy=N_("Check that the address is written right."),
    ),
    "feedback_not_found": ErrorWords(
        title=N_("Feedback not found"),
        text=N_("There is no such feedback, or you may not see it."),
        remedy=N_("Check the reference."),
    ),
    "tenant_suspended": ErrorWords(
        title=N_("The service is closed for now"),
        text=N_("This feedback service is not in use at the moment."),
    ),
    "csrf_refused": ErrorWords(
        title=N_("The form had expired"),
        text=N_("The page had been open for so long that what you sent was not accepted."),
        remedy=N_("Go back, load the page again and retry."),
    ),
    "idempotency_key_reused": ErrorWords(
        title=N_("This form has been sent already"),
        text=N_("The same form was sent before with other content. The first one was received."),
        remedy=N_("Open a new form if you want to send another feedback."),
    ),
    "stale_version": ErrorWords(
        title=N_("Somebody else changed this while you were writing"),
        text=N_("Your change was not saved, so that theirs is not lost."),
        remedy=N_("Read what changed, and make your change again if it is still needed."),
    ),
    "status_change_refused": ErrorWords(
        title=N_("The state cannot be changed like that"),
        text=N_("A feedback in this state cannot go to the state you chose."),
        remedy=N_("Open the feedback again: it shows what can be done now."),
    ),
    "feedback_closed": ErrorWords(
        title=N_("The feedback is closed"),
        text=N_("This cannot be done to a closed feedback."),
        remedy=N_("Take it up again first."),
    ),
    "session_expired": ErrorWords(
        title=N_("You have been logged out"),
        text=N_("Nothing happened for a long time, so you were logged out to be safe."),
        remedy=N_("Log in again."),
    ),
}


def problem_message(catalog: Catalog, problem: FieldProblem) -> str:
    """One sentence on what is wrong and how to mend it."""
    path = problem.path.partition(".")[0] if problem.path.startswith("photos.") else problem.path
    sentence = (
        _PROBLEMS.get((path, problem.code)) or _PROBLEMS_IN_GENERAL.get(problem.code) or _UNKNOWN_PROBLEM
    )  # fmt: skip
    return catalog.text(sentence, **problem.params)


def problem_messages(catalog: Catalog, problems: Iterable[FieldProblem]) -> dict[str, tuple[str, ...]]:
    """Path → sentences, as `FormState.errors` takes them."""
    messages: dict[str, tuple[str, ...]] = {}
    for problem in problems:
        messages[problem.path] = (*messages.get(problem.path, ()), problem_message(catalog, problem))
    return messages


def error_words(catalog: Catalog, status: int, code: str) -> ErrorWords:
    """What to say of an error, by its code or else by its HTTP status."""
    general = _ERRORS_BY_STATUS[500] if status >= 500 else _ERRORS_BY_STATUS[400]  # noqa: PLR2004
    words = _ERRORS_BY_CODE.get(code) or _ERRORS_BY_STATUS.get(status) or general
    return ErrorWords(
        title=catalog.gettext(words.title),
        text=catalog.gettext(words.text),
        remedy=catalog.gettext(words.remedy) if words.remedy else None,
    )


def status_name(catalog: Catalog, status: str) -> str:
    """Name of a state."""
    return catalog.gettext(_STATUS[status])


def history_sentence(
    catalog: Catalog,
    action: str,
    *,
    status: str | None = None,
    unit_name: str | None = None,
    category_name: str | None = None,
) -> str:
    """A step of the history as a sentence: what was done, and where it stands or lies since.

    Give what the step changed: the state's code, the names of the unit and of the topic in the reader's language.
    """
    parts = [catalog.gettext(_STEPS.get(action, _STEPS["updated"]))]
    if category_name is not None:
        parts.append(catalog.text(N_("Topic: %(name)s"), name=category_name))
    if unit_name is not None:
        parts.append(catalog.text(N_("Unit: %(name)s"), name=unit_name))
    if status is not None and action != status:
        parts.append(catalog.text(N_("State: %(name)s"), name=status_name(catalog, status)))
    return ". ".join(parts)
