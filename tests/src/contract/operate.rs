//! What an operator sees of a place: objects by their names, runs by their states, and the queues.

use std::collections::BTreeSet;
use std::time::Duration;

use hookdock_operate::ports::{Attended, Objects as _, Queues as _, RunAt, Runs as _};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeadReason, EventRef, Run, RunId, RunState, Settlement};
use hookdock_pipeline::model::names::{CellName, CellTag, EventKey};
use hookdock_pipeline::ports::{
    Archive as _, Cell, Cells as _, Conditional, Deliveries, Ledger as _, Messages as _,
};

use crate::contract::{Bench, claim, run_id, seal_at};
use crate::requests::Draft;
use crate::stack::START;

/// Names are listed forwards, after any name or none, and folders once each; the beginning of an
/// object is cut where it is said.
pub async fn objects<B: Bench>(bench: &B) {
    let place = bench.place();
    let mut names = Vec::new();
    for (number, minutes, draft) in [
        (1, 0, Draft::checkout("evt_1", "cs_1")),
        (2, 59, Draft::checkout("evt_2", "cs_2")),
        (3, 61, Draft::checkout("evt_3", "cs_3")),
        (4, 61, Draft::github("{}")),
    ] {
        let at = START.plus(Duration::from_secs(minutes * 60));
        let sealed = seal_at(&draft, number, at).await;
        bench.archive().put(&sealed).await.expect("stored");
        names.push(sealed.reference().object.clone());
    }
    let stripe = "stripe".parse().expect("a name");
    let prefix = ObjectKey::deliveries_of(&stripe);
    for (after, left) in [
        (String::new(), &names[..3]),
        (names[0].as_str().to_owned(), &names[1..3]),
        (ObjectKey::before_deliveries(&stripe, START), &names[..3]),
        (ObjectKey::before_deliveries(&stripe, START.plus(Duration::from_millis(1))), &names[1..3]),
        (ObjectKey::before_deliveries(&stripe, START.plus(Duration::from_secs(7200))), &[]),
    ] {
        let listed = place.names(&prefix, &after).await.expect("an answer");
        assert_eq!((&listed.names[..], listed.more), (left, false), "after {after:?}");
    }
    assert_eq!(place.folders("deliveries/").await.expect("an answer"), ["github", "stripe"]);
    assert_eq!(place.folders("nothing/").await.expect("an answer"), [""; 0]);
    let whole = place.beginning(&names[0], 1 << 20).await.expect("an answer").expect("it is there");
    let some = place.beginning(&names[0], 100).await.expect("an answer").expect("it is there");
    assert_eq!((some.len(), &whole[..100]), (100, &some[..]));
    let plan = ObjectKey::listed("operations/2026/12/01/15/op_1/plan.json");
    for (bytes, expected) in [("first", Conditional::Written), ("second", Conditional::Refused(()))]
    {
        assert_eq!(place.keep(&plan, bytes.into()).await.expect("an answer"), expected);
    }
    let kept = Deliveries::read(place, &plan).await.expect("an answer").expect("it is there");
    assert_eq!(kept, "first");
    let missing = ObjectKey::listed("deliveries/stripe/none.json");
    assert_eq!(place.beginning(&missing, 100).await.expect("an answer"), None);
}

/// Runs are listed by the states that people look after, the newest change first, and each once
/// over all pages; a run that has moved on is in its new order alone.
pub async fn attention<B: Bench>(bench: &B) {
    let (ledger, place) = (bench.ledger(), bench.place());
    let mut dead = Vec::new();
    for number in 0..12_u64 {
        let event = EventRef { key: EventKey::of(&[&number.to_be_bytes()]), ..run_id().event };
        let run = Run::opened(RunId { event, ..run_id() }, &claim(1));
        ledger.create(&run).await.expect("opened");
        // Three share each millisecond.
        let at = START.plus(Duration::from_millis(number / 3));
        let failure = Failure::permanent(ErrorClass::Refused, "no such customer");
        let settled = run.settled(Settlement::Dead(DeadReason::Permanent, failure), None, at);
        ledger.compare_and_swap(&run.fence(), &settled).await.expect("settled");
        dead.push(settled);
    }
    dead.sort_by_key(|run| std::cmp::Reverse(RunAt::of(run)));
    for most in [1, 4, 5, 100] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = place.runs(Attended::Dead, before.as_ref(), most).await.expect("an answer");
            assert!(page.len() <= most);
            let Some(last) = page.last() else { break };
            before = Some(RunAt::of(last));
            seen.extend(page);
        }
        assert_eq!(seen, dead, "pages of {most}");
    }
    assert_eq!(place.count(Attended::Dead).await.expect("an answer"), 12);

    let (one, now) = (&dead[5], START.plus(Duration::from_secs(9)));
    let aside = one.dismissed("anna", "a test order", now).expect("it is dead");
    let moved = place.move_run(&one.fence(), &aside).await.expect("an answer");
    assert_eq!(moved, Conditional::Written);
    let late = place.move_run(&one.fence(), &one.dead_lettered()).await.expect("an answer");
    assert_eq!(late, Conditional::Refused(aside.clone()), "the fence has moved");
    assert_eq!(place.count(Attended::Dead).await.expect("an answer"), 11);
    let set_aside = place.runs(Attended::Dismissed, None, 9).await.expect("an answer");
    assert_eq!(set_aside, std::slice::from_ref(&aside));
    let back = aside.restored(now).expect("it was dismissed");
    assert!(matches!(back.state, RunState::Dead { dead_lettered: true, .. }));
    place.move_run(&aside.fence(), &back).await.expect("an answer");
    let newest = place.runs(Attended::Dead, None, 1).await.expect("an answer");
    assert_eq!(newest, [back]);
}

/// A cell of an operator is the same cell that workers read.
pub async fn operators_cells<B: Bench>(bench: &B) {
    let (place, ledger) = (bench.place(), bench.ledger());
    let name = CellName::of_holds();
    let cell = |tag: u128, value: &str| Cell {
        tag: CellTag::new(tag),
        value: value.to_owned(),
        expires_at: START.plus(Duration::from_secs(60)).to_seconds(),
    };
    let (first, second) = (cell(1, "[1]"), cell(2, "[2]"));
    let written = place.swap(&name, None, &first).await.expect("an answer");
    assert_eq!(written, Conditional::Written);
    assert_eq!(ledger.cell(&name).await.expect("an answer"), Some(first.clone()));
    let late = place.swap(&name, None, &second).await.expect("an answer");
    assert_eq!(late, Conditional::Refused(Some(first.clone())));
    let next = place.swap(&name, Some(&first.tag), &second).await.expect("an answer");
    assert_eq!(next, Conditional::Written);
    assert_eq!(place.cell(&name).await.expect("an answer"), Some(second));
}

/// Dead letters are shown and stay; a reference that is sent is a message.
pub async fn dead_letters<B: Bench>(bench: &B) {
    let place = bench.place();
    let sealed = seal_at(&Draft::checkout("evt_1", "cs_1"), 1, START).await;
    let reference = Reference { generation: 3, ..sealed.reference().clone() };
    place.send(&reference).await.expect("sent");
    let messages = bench.receive().await;
    assert_eq!(Reference::parse(&messages[0].body), Ok(reference.clone()));
    let sent = DeadLetter::of_reference(&reference, "no_job", "nobody runs it").expect("written");
    for _ in 0..2 {
        bench.messages().dead_letter(&sent).await.expect("sent");
    }
    for _ in 0..2 {
        let shown = place.dead_letters(10).await.expect("an answer");
        let ids: BTreeSet<&String> = shown.iter().map(|dead| &dead.id).collect();
        assert_eq!(ids.len(), 2, "looking takes nothing away: {shown:?}");
        assert_eq!(shown[0].body, sent.body);
        let attribute = ("reason".to_owned(), "no_job".to_owned());
        assert!(shown[0].attributes.contains(&attribute), "{shown:?}");
    }
    let depth = place.depth().await.expect("an answer");
    assert_eq!((depth.visible + depth.hidden, depth.dead_letters), (1, 2));
}
