//! The files that it reads, and what is wrong with them.

use super::{Dev, stripe_in};
use crate::support::{folder, run};

#[tokio::test]
async fn dev_says_which_endpoints_have_no_job_and_which_jobs_no_endpoint() {
    let folder = folder("dev-unmatched");
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.code]\nprovider = \"github\"\nsecrets = [\"a secret\"]\n";
    std::fs::write(&file, text).expect("written");
    let dev = Dev::start(&file, &folder.join("data"));
    let said = dev.says("  data in ").await;
    for line in [
        "  no job runs for endpoint code: its events are stored, and that is all",
        "  job fulfil_order does not run: provider stripe has no endpoint in the file",
    ] {
        assert!(said.lines().any(|there| there == line), "{line:?} is not in\n{said}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn dev_does_not_start_with_a_secret_that_cannot_be_used() {
    let folder = folder("dev-secrets");
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.a]\nprovider = \"svix\"\nsecrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\", \"\"]\n\
                [endpoints.b]\nprovider = \"svix\"\ntenants.acme.secrets = [\"whsec_hunter2!\"]\n";
    std::fs::write(&file, text).expect("written");
    let output =
        run(&["dev", "--listen", "127.0.0.1:0", "--endpoints", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(1));
    let said = crate::support::stderr(&output);
    for words in [
        "endpoint a: secrets, secret \"s2\" is empty",
        "endpoint b: tenant \"acme\", secret \"s1\" does not have the form of the provider's",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn dev_names_the_key_of_the_jobs_file_that_is_wrong_and_why() {
    let folder = folder("dev-jobs");
    let endpoints = stripe_in(&folder);
    let jobs = folder.join("jobs.toml");
    for (written, said) in [
        (
            "events = \"hunter2\"",
            "line 4: send_notification.a.events: a list is expected here, and a string is there",
        ),
        (
            "event = [\"x\"]",
            "line 4: send_notification.a.event: unknown field `event`, expected one of",
        ),
        ("events = hunter2", "line 4: "),
    ] {
        let text = format!(
            "version = 1\n[send_notification.a]\nendpoint = \"*\"\n{written}\nto = {{ topic = {{}} }}\n"
        );
        std::fs::write(&jobs, text).expect("written");
        let files = [&endpoints, &jobs].map(|file| file.to_str().expect("a path").to_owned());
        let output =
            run(&["dev", "--listen", "127.0.0.1:0", "--endpoints", &files[0], "--jobs", &files[1]]);
        assert_eq!(output.status.code(), Some(1));
        let told = crate::support::stderr(&output);
        assert!(told.contains(said), "{said:?} is not in {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_wrong_endpoints_file_is_explained() {
    let folder = folder("wrong");
    let file = folder.join("endpoints.toml");
    for (text, explained) in [
        (None, "failed to read"),
        (Some("[endpoints.A]\n"), "line 1"),
        (
            Some("[endpoints.a]\nprovider = \"nobody\"\nsecrets = [\"y\"]\n"),
            "provider \"nobody\" is not in",
        ),
        (
            Some("[endpoints.a]\nprovider = \"gihtub\"\nsecrets = [\"y\"]\n"),
            "provider \"gihtub\" is not in the catalogue; did you mean github?",
        ),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).expect("written");
        }
        let output = run(&["dev", "--endpoints", file.to_str().expect("UTF-8")]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains(explained), "{explained} in {said}");
        let next = "`hookdock dev --help` shows a small file";
        assert!(said.trim_end().lines().last().is_some_and(|last| last.contains(next)), "{said}");
        assert!(said.contains("infra/endpoints.example.toml"), "what next, in {said}");
        assert_eq!(output.status.code(), Some(1));
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_wrong_jobs_file_is_explained_by_its_line_and_not_quoted() {
    let folder = folder("wrong-jobs");
    let (endpoints, jobs) = (stripe_in(&folder), folder.join("jobs.toml"));
    for (text, explained) in [
        (None, "failed to read"),
        (Some("version = 1\n[sync_customer]\ncrm = \"hunter2\"\n"), "line 3"),
        (Some("version = 1\n[fulfill_order]\nseller = \"hunter2\"\n"), "line 2"),
    ] {
        if let Some(text) = text {
            std::fs::write(&jobs, text).expect("written");
        }
        let output = run(&[
            "dev",
            "--endpoints",
            endpoints.to_str().expect("UTF-8"),
            "--jobs",
            jobs.to_str().expect("UTF-8"),
        ]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains(explained), "{explained} in {said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_job_that_would_never_run_is_refused_before_anything_is_served() {
    let folder = folder("direct-job");
    let (endpoints, jobs) = (folder.join("endpoints.toml"), folder.join("jobs.toml"));
    let text = "[endpoints.pushes]\nprovider = 'github'\nsecrets = ['x']\n\
        direct = { kind = 'log' }\n";
    std::fs::write(&endpoints, text).expect("written");
    let told = "version = 1\n[send_notification.all]\nendpoint = \"push*\"\n\
        to = { slack = \"https://hooks.example/x\" }\n";
    std::fs::write(&jobs, told).expect("written");
    let output = run(&[
        "dev",
        "--endpoints",
        endpoints.to_str().expect("UTF-8"),
        "--jobs",
        jobs.to_str().expect("UTF-8"),
    ]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let words = "endpoint pushes is direct, and job send_notification_all would never run for it";
    assert!(said.contains(words), "{said}");
    assert_eq!(output.status.code(), Some(1));
    std::fs::remove_dir_all(folder).expect("removed");
}
