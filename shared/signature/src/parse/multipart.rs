//! Just enough of multipart/form-data to find a field.

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|one| one.trim().split_once('='));
    let mut found = parameters.filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let value = found.next()?.1.trim_matches('"');
    if value.is_empty() || value.len() > 70 { None } else { Some(value) }
}

/// The contents of every part of that name.
pub(crate) fn field<'b>(
    body: &'b [u8],
    boundary: &str,
    name: &str,
) -> impl Iterator<Item = &'b [u8]> {
    let delimiter = format!("--{boundary}");
    let parameter = format!("name=\"{name}\"");
    let mut rest = Some(body);
    let parts = std::iter::from_fn(move || {
        let (part, after) = match split_once(rest?, delimiter.as_bytes()) {
            Some((part, after)) => (part, Some(after)),
            None => (rest?, None),
        };
        rest = after;
        Some(part)
    });
    // What stands before the first boundary is nobody's part.
    parts.skip(1).filter_map(move |part| {
        let (head, content) = split_once(part, b"\r\n\r\n")?;
        let head = str::from_utf8(head).ok()?;
        let mut parameters =
            head.lines().filter(|line| is_disposition(line)).flat_map(|line| line.split(';'));
        parameters.any(|one| one.trim() == parameter).then_some(content.strip_suffix(b"\r\n")?)
    })
}

fn is_disposition(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("content-disposition")
}

fn split_once<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let index = bytes.windows(at.len().max(1)).position(|window| window == at)?;
    let (head, tail) = bytes.split_at_checked(index)?;
    Some((head, tail.get(at.len()..)?))
}
