//! `hookdock completion` and `hookdock man`.

use std::process::Command;

use crate::support::{file, folder, run, stderr, stdout};

#[test]
fn a_shell_completes_commands_and_options() {
    let folder = folder("completion");
    let script = file(&folder, "hookdock.bash", stdout(&run(&["completion", "bash"])));
    let typed = "source \"$0\"; COMP_WORDS=(hookdock trig); COMP_CWORD=1; _hookdock hookdock trig \
        hookdock; echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash").args(["-c", typed, &script]).output().expect("bash");
    assert_eq!(stdout(&bash).trim(), "trigger", "{}", stderr(&bash));
    for (shell, words) in [("zsh", "#compdef hookdock"), ("fish", "complete -c hookdock")] {
        let script = stdout(&run(&["completion", shell]));
        assert!(script.contains(words) && script.contains("bad-signature"), "{shell}");
    }
    assert_eq!(run(&["completion", "csh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_man_page() {
    let folder = folder("man").join("man1");
    let written = run(&["man", folder.to_str().expect("UTF-8")]);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    for page in ["hookdock.1", "hookdock-trigger.1", "hookdock-dead-dismiss.1"] {
        let text = std::fs::read_to_string(folder.join(page)).expect(page);
        assert!(text.contains(".SH NAME") && text.contains("hookdock"), "{text}");
        assert!(!text.contains("lc\\-all"), "what is hidden stays hidden: {text}");
    }
}
