//! The routes as data: what the router refuses and what the OpenAPI document says is the same list.

/// A route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// The path below `/api/v1`.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// The sets of parameters that it knows.
    pub(crate) query: &'static [&'static [Parameter]],
    /// The name of the schema of its answer; nothing where it is no JSON.
    pub(crate) answer: Option<&'static str>,
    /// The name of the schema of the body that is sent with it.
    pub(crate) body: Option<&'static str>,
    /// Whether it has to say what was shown.
    pub(crate) conditional: bool,
}

/// A parameter: its name, and what it says.
pub(crate) type Parameter = (&'static str, &'static str);

const FILTERS: &[Parameter] = &[
    ("endpoint", "the endpoint"),
    ("tenant", "the tenant"),
    ("type", "a type, or its beginning and *"),
    ("state", "the state of the event, or of one of its runs"),
    ("job", "the job of a run"),
    ("reason", "why a run is dead, waits or was ignored"),
    ("error_class", "the class of what went wrong last in a run"),
    ("message", "a text in the message of what went wrong last"),
    ("code", "the version of the code of a run's last attempt"),
    ("id", "the provider's id"),
    ("since", "received, or in a list by state changed, not before this time (RFC 3339)"),
    ("until", "the same, before this time"),
];

const PAGING: &[Parameter] = &[
    ("limit", "how many are wanted, from 1 to 1000; 50 by default"),
    ("look", "how many stored deliveries are looked at for them; 5000 by default"),
    ("cursor", "where the page before ended: its `next`"),
];

const TENANT: &[Parameter] = &[("tenant", "the tenant, for a provider's id")];

const REVEAL: &[Parameter] = &[("reveal", "true: also what is left out by its name")];

pub(crate) const ROUTES: &[Route] = &[
    get("/openapi.json", "This document", &[], Some("Document")),
    get("/status", "How the place is", &[], Some("Status")),
    get("/endpoints", "The endpoints", &[], Some("Endpoints")),
    get("/events", "Events, the newest first", &[FILTERS, PAGING], Some("Page")),
    get("/events/{endpoint}/{id}", "One event", &[TENANT], Some("Event")),
    get(
        "/deliveries/{endpoint}/{id}/headers",
        "The headers of a delivery",
        &[TENANT, REVEAL],
        Some("Headers"),
    ),
    get(
        "/deliveries/{endpoint}/{id}/body",
        "The body of a delivery",
        &[TENANT, REVEAL, &[("view", "raw, pretty or hex; raw by default")]],
        None,
    ),
    get(
        "/diff",
        "How two bodies differ",
        &[
            TENANT,
            &[
                ("a", "an event: endpoint/id"),
                ("b", "the other"),
                ("ignore", "JSON pointers that are left out, with commas between them"),
            ],
        ],
        Some("Diff"),
    ),
    get("/find", "Whatever has a name", &[FILTERS, &[("text", "the name")]], Some("Found")),
    get(
        "/audit",
        "What came in, counted against what became of it, by the hour",
        &[&[
            ("since", "from the hour of this time on (RFC 3339); the last 24 hours by default"),
            ("until", "until the hour of this time, which is left out"),
            ("include_open", "true: also the hour that has not ended"),
        ]],
        Some("Audit"),
    ),
    get(
        "/dead",
        "Dead runs in groups",
        &[FILTERS, &[("by", "job, reason, class, message, endpoint, code; with commas")]],
        Some("Dead"),
    ),
    get("/dead-letters", "Dead letters that no run belongs to", &[], Some("DeadLetters")),
    Route {
        conditional: true,
        ..post("/operations", "Retries, dismisses or restores one event", "Asked", "Operation")
    },
    get("/holds", "The holds", &[], Some("Holds")),
    post("/holds", "Leaves runs waiting for a while", "HoldOrder", "Hold"),
    Route {
        body: None,
        ..post("/holds/{hold}/release", "Ends a hold, and plans what waits", "", "Progress")
    },
    get("/replays", "The newest operations on many", &[], Some("Replays")),
    post("/replays", "Counts what is meant, and keeps it as a plan", "PlanOrder", "Progress"),
    get("/replays/{operation}", "How far an operation is", &[], Some("Progress")),
    get(
        "/replays/{operation}/items",
        "What became of its items",
        &[&[("outcome", "one outcome only")]],
        Some("Report"),
    ),
    post("/replays/{operation}/drive", "Drives it one step further", "Driven", "Progress"),
    post(
        "/replays/{operation}/{turn}",
        "Turns it: run, pause, continue or cancel",
        "TurnOrder",
        "Progress",
    ),
];

pub(crate) const fn post(
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    answer: &'static str,
) -> Route {
    Route { method: "post", body: Some(body), ..get(path, summary, &[], Some(answer)) }
}

pub(crate) const fn get(
    path: &'static str,
    summary: &'static str,
    query: &'static [&'static [Parameter]],
    answer: Option<&'static str>,
) -> Route {
    Route { method: "get", path, summary, query, answer, body: None, conditional: false }
}

/// The first parameter of the query that the route does not know. A filter that is misspelt would
/// otherwise filter nothing.
pub(crate) fn unknown_parameter<'a>(path: &str, query: &'a str) -> Option<&'a str> {
    let route = ROUTES.iter().find(|route| path.ends_with(route.path))?;
    let known = |name: &str| route.query.iter().flat_map(|set| *set).any(|(own, _)| *own == name);
    let names = query.split('&').filter(|pair| !pair.is_empty());
    names.map(|pair| pair.split('=').next().unwrap_or_default()).find(|name| !known(name))
}
