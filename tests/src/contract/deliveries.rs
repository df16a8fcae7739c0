//! Deliveries are stored and read, alone and in packs.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_embedded::TestSystem;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::job::Registry;
use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::lookup;
use hookdock_pipeline::ports::{
    Archive as _, Conditional, Deliveries as _, Ledger as _, Packs as _,
};
use hookdock_pipeline::process::{Process, Received, Settings, Verdict, Worker};

use crate::contract::{Bench, delivery_id, delivery_id_at, event_ref, one_wins, seal, seal_at};
use crate::requests::Draft;
use crate::stack::START;

/// A delivery that is stored can be read back byte for byte, and others are missing.
pub async fn archive<B: Bench>(bench: &B) {
    let sealed = seal(&Draft::github(Bytes::from_static(b"\x00\xff binary")), 1).await;
    let object = &sealed.reference().object;
    let (archive, deliveries) = (bench.archive(), bench.deliveries());
    assert_eq!(deliveries.read(object).await.expect("an answer"), None, "nothing is there yet");

    archive.put(&sealed).await.expect("stored");
    let stored = deliveries.read(object).await.expect("an answer").expect("stored");
    assert_eq!(&stored, sealed.object(), "byte for byte");

    archive.put(&sealed).await.expect("storing it again is harmless");
    let other = ObjectKey::of(&sealed.reference().endpoint, &delivery_id(2), START);
    assert_eq!(deliveries.read(&other).await.expect("an answer"), None);
}

/// Of several deliveries of an event that are stored once, at the same time or later, one is new,
/// and it stays.
pub async fn once<B: Bench>(bench: &B) {
    let draft = Draft::to("direct", "github", "{}");
    let mut sealed = Vec::new();
    for number in 1..=8 {
        sealed.push(seal(&draft, number).await);
    }
    let object = &sealed[0].reference().object;
    let (archive, deliveries) = (bench.archive(), bench.deliveries());
    assert_eq!(deliveries.read(object).await.expect("an answer"), None);
    let all = join_all(sealed[..7].iter().map(|sealed| archive.put_once(sealed))).await;
    let (won, _) = one_wins(all);
    let later = archive.put_once(&sealed[7]).await.expect("an answer");
    assert_eq!(later, Conditional::Refused(()));
    let stored = deliveries.read(object).await.expect("an answer").expect("stored");
    assert_eq!(&stored, sealed[won].object(), "the first, byte for byte");
}

/// Deliveries that come in their messages are packed, those of an hour together, before anything
/// is recorded of them; each is found by its id, and the ledger says where it is.
pub async fn packs<B: Bench>(bench: &B) {
    let (deliveries, ledger) = (bench.deliveries(), bench.ledger());
    let an_hour = Duration::from_secs(60 * 60);
    let mut sealed = Vec::new();
    for (number, at) in [(1, START), (2, START), (3, START), (4, START.plus(an_hour))] {
        // The last two carry the same event.
        let draft = Draft::small_checkout(&format!("evt_{}", number.min(3)), "cs_1");
        sealed.push(seal_at(&draft, number, at).await);
    }
    let process = Process {
        deliveries: deliveries.clone(),
        messages: bench.messages().clone(),
        ledger: ledger.clone(),
        system: TestSystem::starting_at(START),
        effects: bench.effects().clone(),
        registry: Registry::new(),
        settings: Settings::default(),
        worker: Worker::default(),
    };
    let message = |sealed: &SealedDelivery, receives| Received {
        body: sealed.message().to_owned(),
        receipt: String::new(),
        receives,
        sent_at: START,
        deadline: START.plus(an_hour),
    };
    let first: Vec<_> = sealed.iter().map(|sealed| message(sealed, 1)).collect();
    let verdicts = join_all(process.batch(&first)).await;
    assert_eq!(verdicts, [Verdict::Finished; 4]);

    let mut packs = Vec::new();
    for sealed in &sealed {
        let Reference { endpoint, delivery_id, .. } = sealed.reference();
        let found = lookup::find(deliveries, endpoint, delivery_id).await.expect("an answer");
        let (object, stored) = found.expect("it is in a pack");
        assert_eq!(&stored, sealed.object(), "byte for byte");
        let event = EventRef::of(sealed.reference());
        let place = ledger.find_pack(&event, delivery_id).await.expect("an answer");
        assert_eq!(place.as_ref(), Some(&object), "the ledger says the same");
        packs.push(object);
    }
    assert!(packs[0].is_pack() && packs[0] == packs[1] && packs[1] == packs[2], "{packs:?}");
    assert!(packs[3].is_pack() && packs[3] != packs[0], "another hour, another pack: {packs:?}");

    let Reference { endpoint, delivery_id, .. } = sealed[1].reference();
    let stranger = "github".parse().expect("a name");
    let found = lookup::find(deliveries, &stranger, delivery_id).await.expect("an answer");
    assert_eq!(found, None, "the id of another endpoint");
    let found =
        lookup::find(deliveries, endpoint, &delivery_id_at(START, 9)).await.expect("an answer");
    assert_eq!(found, None);
    let unseen = ledger.find_pack(&event_ref(), delivery_id).await.expect("an answer");
    assert_eq!(unseen, None);

    let again: Vec<_> = sealed.iter().skip(1).map(|sealed| message(sealed, 2)).collect();
    join_all(process.batch(&again)).await;
    let names = deliveries.packs("archive/").await.expect("an answer");
    assert_eq!(names, [packs[0].clone(), packs[3].clone()], "what is packed is not packed again");
}
