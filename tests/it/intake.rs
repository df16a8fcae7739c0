//! A delivery that is stored by the commit that queues it.

use std::sync::Arc;

use futures_util::future::join_all;
use hookdock_embedded::{
    Embedded, EndpointFile, Intake, KeepingEndpoints, QueueSettings, TestSystem,
};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_tests::faults::{Call, Faulty, Plan};
use hookdock_tests::outside::Outside;
use hookdock_tests::requests::{Draft, ENDPOINTS};
use hookdock_tests::stack::{START, Unasked};
use http::StatusCode;

type Local = Embedded<TestSystem>;

/// Ingest as `hookdock dev` wires it; the plan writes down what is asked of the archive.
struct Scene {
    ingest: Ingest<KeepingEndpoints<TestSystem>, Faulty<Local>, Intake<TestSystem>, TestSystem>,
    local: Local,
    archive: Plan,
}

impl Scene {
    fn over(local: Local, system: TestSystem) -> Self {
        let endpoints = EndpointFile::parse(ENDPOINTS).expect("usable endpoints");
        let archive = Plan::default();
        let ingest = Ingest {
            endpoints: KeepingEndpoints::new(endpoints, local.clone()),
            archive: Faulty::new(local.clone(), archive.clone()),
            queue: local.clone().intake(),
            providers: Arc::new(Unasked),
            web: Arc::new(Outside::default()),
            system,
        };
        Self { ingest, local, archive }
    }

    fn in_memory() -> Self {
        let system = TestSystem::starting_at(START);
        let queue = QueueSettings::default();
        Self::over(Local::in_memory(system.clone(), queue).expect("memory"), system)
    }

    async fn accepts(&self, draft: &Draft) {
        let answer = answer(&self.ingest, draft.signed(START)).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// The objects that there are, and those that messages refer to.
    async fn stored_and_queued(&self) -> (Vec<String>, Vec<String>) {
        let messages = self.local.receive(1000).await.expect("a database").into_iter();
        let queued = messages.map(|message| Reference::parse(&message.body).expect("a reference"));
        let mut queued: Vec<_> = queued.map(|reference| reference.object.to_string()).collect();
        queued.sort_unstable();
        (self.local.objects().expect("a database"), queued)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_is_stored_with_it_and_the_archive_is_not_asked() {
    let scene = Scene::in_memory();
    scene.accepts(&Draft::github("{}")).await;
    let (stored, queued) = scene.stored_and_queued().await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored, queued);
    assert_eq!(scene.archive.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn what_travels_in_its_message_is_not_stored() {
    let scene = Scene::in_memory();
    scene.accepts(&Draft { path: "/webhooks/pushes".to_owned(), ..Draft::github("{}") }).await;
    assert_eq!(scene.local.backlog().expect("memory"), 1);
    assert_eq!(scene.local.objects().expect("memory"), [] as [String; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_direct_event_is_the_archives_alone() {
    let scene = Scene::in_memory();
    scene.accepts(&Draft::to("direct", "github", "{}")).await;
    assert_eq!(scene.archive.calls(), [Call::PutOnce]);
    assert_eq!(scene.local.backlog().expect("memory"), 0);
}

#[tokio::test]
async fn many_that_share_a_commit_are_all_stored_and_queued() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("intake");
    drop(std::fs::remove_dir_all(&folder));
    let system = TestSystem::starting_at(START);
    let local = Local::on_disk(&folder, system.clone(), QueueSettings::default()).expect("a disk");
    let scene = Scene::over(local, system);
    let drafts: Vec<_> = (0..600).map(|number| Draft::github(number.to_string())).collect();
    join_all(drafts.iter().map(|draft| scene.accepts(draft))).await;
    let (stored, queued) = scene.stored_and_queued().await;
    assert_eq!(stored.len(), 600);
    assert_eq!(stored, queued);
    std::fs::remove_dir_all(&folder).expect("removed");
}
