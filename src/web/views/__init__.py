"""What the pages show, ready to be put into a template: the contract between handlers and templates.

Each page has one struct with all it shows; the struct names its template, and `Renderer.render(page, view)` takes the
two. Names of categories, units and kinds come in the reader's language; states, actions and other fixed codes come as
codes and get their words in the template. Times are aware datetimes; the renderer puts them into the tenant's zone.
Nothing here reads a database or decides who may see what: what is not in the struct is not on the page.
"""

from web.views.desk import (
    ConflictField,
    ConflictPage,
    Contact,
    Delivery,
    DeskDetail,
    DeskMessage,
    Inbox,
    InboxFilter,
    InboxRow,
    InboxSection,
    LoginPage,
    StaffHistoryEntry,
)
from web.views.page import (
    ErrorPage,
    FormState,
    LanguageLink,
    Link,
    Notice,
    Option,
    OptionGroup,
    Page,
    Photo,
    StaffMember,
    View,
)
from web.views.public import FilterGroup, FilterLink, PublicAnswer, PublicCard, PublishedDetail, PublishedList
from web.views.publication import DifferencePart, PublicationEdit, PublicationItem, PublicationQueue, PublicationRow
from web.views.resident import (
    FeedbackForm,
    FrontPage,
    HistoryEntry,
    KindChoice,
    ReceiptPage,
    Redirect,
    TrackedFeedback,
    TrackedMessage,
    TrackingPage,
)

__all__ = [
    "ConflictField",
    "ConflictPage",
    "Contact",
    "Delivery",
    "DeskDetail",
    "DeskMessage",
    "DifferencePart",
    "ErrorPage",
    "FeedbackForm",
    "FilterGroup",
    "FilterLink",
    "FormState",
    "FrontPage",
    "HistoryEntry",
    "Inbox",
    "InboxFilter",
    "InboxRow",
    "InboxSection",
    "KindChoice",
    "LanguageLink",
    "Link",
    "LoginPage",
    "Notice",
    "Option",
    "OptionGroup",
    "Page",
    "Photo",
    "PublicAnswer",
    "PublicCard",
    "PublicationEdit",
    "PublicationItem",
    "PublicationQueue",
    "PublicationRow",
    "PublishedDetail",
    "PublishedList",
    "ReceiptPage",
    "Redirect",
    "StaffHistoryEntry",
    "StaffMember",
    "TrackedFeedback",
    "TrackedMessage",
    "TrackingPage",
    "View",
]
