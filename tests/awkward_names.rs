//! Awkward subjects and alternative names, written as people write them and read back by the real `openssl`.

mod support;

use support::{Workplace, need};

/// What is asked for, and what `openssl req` reads out of the request.
struct Row {
    what: &'static str,
    options: &'static [&'static str],
    /// As RFC 2253 writes it, the last one encoded first: the order of the text.
    subject: &'static str,
    /// As `openssl req -text` lists them.
    names: &'static str,
}

const fn subject(what: &'static str, options: &'static [&'static str], subject: &'static str) -> Row {
    Row { what, options, subject, names: "" }
}

const fn names(what: &'static str, options: &'static [&'static str], names: &'static str) -> Row {
    Row { what, options, subject: "", names }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    subject("comma in quotes", &["--subject", r#"CN=a, O="Example, Inc.", C=DE"#], r"CN=a,O=Example\, Inc.,C=DE"),
    subject("doubled quotes", &["--subject", r#"CN=a, O="Say ""hi""""#], r#"CN=a,O=Say \"hi\""#),
    subject("backslash before a comma", &["--subject", r"CN=a, O=Example\, Inc."], r"CN=a,O=Example\, Inc."),
    subject("backslash before a quote in quotes", &["--subject", r#"CN="a\"b""#], r#"CN=a\"b"#),
    subject("backslash itself", &["--subject", r"CN=a\\b"], r"CN=a\\b"),
    subject("hex pair", &["--subject", r"CN=a\2C b"], r"CN=a\, b"),
    subject("hex pairs that are UTF-8", &["--subject", r"CN=\C3\A9t\C3\A9"], "CN=été"),
    subject("plus in quotes", &["--subject", r#"CN="a + b""#], r"CN=a \+ b"),
    subject("plus after a backslash", &["--subject", r"CN=a\+b"], r"CN=a\+b"),
    // DER sorts a set; openssl prints its last element first.
    subject("plus that joins", &["--subject", "CN=a+OU=b, O=c"], "OU=b+CN=a,O=c"),
    subject("S is a state", &["--subject", "CN=a, S=Bayern, C=DE"], "CN=a,ST=Bayern,C=DE"),
    subject("ST is a state", &["--subject", "CN=a, ST=Bayern"], "CN=a,ST=Bayern"),
    subject("E is an address", &["--subject", "E=a@example.com, CN=a"], "emailAddress=a@example.com,CN=a"),
    subject("emailAddress", &["--subject", "emailAddress=a@example.com, CN=a"], "emailAddress=a@example.com,CN=a"),
    subject("lower-case keys", &["--subject", "cn=a, o=b, c=US"], "CN=a,O=b,C=US"),
    subject("rarer keys", &["--subject", "L=City, STREET=Road 1, DC=example, DC=com, SERIALNUMBER=7, T=Dr, G=Given, SN=Sur, I=I, UID=u"], "L=City,street=Road 1,DC=example,DC=com,serialNumber=7,title=Dr,GN=Given,SN=Sur,initials=I,UID=u"),
    subject("dotted identifiers", &["--subject", "2.5.4.3=dotted, OID.2.5.4.10=Org"], "CN=dotted,O=Org"),
    subject("an identifier nobody knows", &["--subject", "CN=a, 1.2.3.4=custom"], "CN=a,1.2.3.4=#1306637573746F6D"),
    subject("hex value, UTF8String", &["--subject", "CN=#0C0461626364"], "CN=abcd"),
    subject("hex value, PrintableString", &["--subject", "CN=#130461626364, O=x"], "CN=abcd,O=x"),
    subject("umlauts", &["--subject", "CN=Jörg Müller, O=Österreich"], "CN=Jörg Müller,O=Österreich"),
    subject("Japanese", &["--subject", "CN=株式会社, C=JP"], "CN=株式会社,C=JP"),
    subject("Arabic", &["--subject", "CN=مثال"], "CN=مثال"),
    subject("emoji", &["--subject", "CN=🐧 penguin"], "CN=🐧 penguin"),
    subject("blanks at both ends, kept by quotes", &["--subject", r#"CN="  padded  ""#], r"CN=\  padded \ "),
    subject("blanks at both ends, dropped", &["--subject", "  CN = padded  ,  O = x  "], "CN=padded,O=x"),
    subject("semicolons", &["--subject", "CN=a; O=b"], "CN=a,O=b"),
    subject("lines", &["--subject", "CN=a\nO=b\n"], "CN=a,O=b"),
    subject("equals sign", &["--subject", "CN=a=b"], "CN=a=b"),
    subject("apostrophe", &["--subject", "CN=O'Brien"], "CN=O'Brien"),
    subject("signs of a shell", &["--subject", "CN=a%b_c~d|e$(f)`g`&h"], "CN=a%b_c~d|e$(f)`g`&h"),
    subject("the same key twice", &["--subject", "CN=a, CN=b, OU=x, OU=y"], "CN=a,CN=b,OU=x,OU=y"),
    subject("200 characters", &["--subject", LONG], LONG),
    Row { what: "no subject", options: &["--dns", "only.example.com"], subject: "", names: "DNS:only.example.com" },
    Row { what: "empty subject", options: &["--subject", "", "--dns", "only.example.com"], subject: "", names: "DNS:only.example.com" },
    Row { what: "wildcard", options: &["--subject", "CN=*.example.com", "--dns", "*.example.com", "--dns", "example.com"], subject: "CN=*.example.com", names: "DNS:*.example.com, DNS:example.com" },
    names("internationalised name as A-label", &["--dns", "xn--bcher-kva.example"], "DNS:xn--bcher-kva.example"),
    names("IPv4", &["--ip", "192.0.2.1"], "IP Address:192.0.2.1"),
    names("IPv6", &["--ip", "2001:db8::1"], "IP Address:2001:DB8:0:0:0:0:0:1"),
    names("IPv4 inside IPv6", &["--ip", "::ffff:192.0.2.1"], "IP Address:0:0:0:0:0:FFFF:C000:201"),
    names("UPN", &["--upn", "jörg@example.com"], "othername: UPN::jörg@example.com"),
    names("URI", &["--uri", "https://example.com/a?b=c&d=%20", "--uri", "spiffe://x/y"], "URI:https://example.com/a?b=c&d=%20, URI:spiffe://x/y"),
    names("e-mail", &["--email", "a+b@example.com"], "email:a+b@example.com"),
    names("one of each, in the service's order", &["--ip", "10.0.0.1", "--uri", "urn:x", "--upn", "u@x.example", "--email", "e@x.example", "--dns", "a.example"], "DNS:a.example, email:e@x.example, othername: UPN::u@x.example, URI:urn:x, IP Address:10.0.0.1"),
];

const LONG: &str = "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,O=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,OU=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

#[test]
fn every_awkward_name_comes_out_right() {
    if need("openssl").is_none() {
        return;
    }
    assert_eq!(LONG.chars().count(), 200);
    let work = Workplace::with_vault();
    let mut wrong = Vec::new();
    for (index, row) in ROWS.iter().enumerate() {
        let (name, request) = (format!("n{index}"), format!("n{index}.csr"));
        let create = [&["create", &name, "--curve", "P-256", "-o", &request][..], row.options].concat();
        let created = work.run_with(&create);
        if created.code != Some(0) {
            wrong.push(format!("{}: {}", row.what, created.stderr));
            continue;
        }
        work.openssl(&format!("req -in {request} -noout -verify")).done().says(&["OK"]);
        let printed =
            work.openssl(&format!("req -in {request} -noout -subject -nameopt RFC2253,utf8,-esc_msb"));
        let subject = printed.done().out();
        let subject = subject.trim_end_matches('\n').strip_prefix("subject=").unwrap();
        let text = work.openssl(&format!("req -in {request} -noout -text -nameopt utf8"));
        let text = text.done().out();
        let mut lines = text.lines().skip_while(|line| !line.contains("Subject Alternative Name"));
        let names = lines.nth(1).unwrap_or_default().trim();
        if (subject, names) != (row.subject, row.names) {
            wrong.push(format!(
                "{}: expected {:?} and {:?}, found {subject:?} and {names:?}",
                row.what, row.subject, row.names
            ));
        }
        if row.options[0] == "--subject" && !row.options[1].is_empty() {
            let policy = work.run(&format!("policy show {name}")).done().json();
            assert_eq!(policy["x509_props"]["subject"], row.options[1], "{}: kept verbatim", row.what);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names that cannot be meant, each with what the error names.
#[rustfmt::skip]
const REFUSED: &[(&[&str], &[&str])] = &[
    (&["--subject", "www.example.com"], &["x509_props.subject", "www.example.com", "KEY=value", "CN=www.example.com"]),
    (&["--subject", "CN=Example, Inc."], &["x509_props.subject", "Inc.", "\"Example, Inc.\""]),
    (&["--subject", "CN=a,"], &["x509_props.subject", "character 6"]),
    (&["--subject", "CN="], &["x509_props.subject", "CN="]),
    (&["--subject", "CN=\"a"], &["x509_props.subject", "character 4"]),
    (&["--subject", "CN=<b>&amp;"], &["x509_props.subject", "separator"]),
    (&["--subject", "CN=#not hex"], &["x509_props.subject", "character 5", "double quotes"]),
    (&["--subject", "CN=#0C05616263"], &["x509_props.subject", "#0C05616263"]),
    (&["--subject", "XY=a"], &["x509_props.subject", "XY"]),
    (&["--subject", "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], &["x509_props.subject", "201 characters", "200"]),
    (&["--subject", ""], &["x509_props.subject"]),
    (&["--kty", "RSA"], &["x509_props.subject", "absent"]),
    (&["--subject", "CN=a", "--dns", "bücher.example"], &["x509_props.sans.dns_names[0]", "bücher.example", "xn--"]),
    (&["--subject", "CN=a", "--dns", "a.example", "--dns", ""], &["x509_props.sans.dns_names[1]", "\"\""]),
    (&["--subject", "CN=a", "--email", "jörg@example.com"], &["x509_props.sans.emails[0]", "jörg@example.com"]),
    (&["--subject", "CN=a", "--uri", "https://bücher.example"], &["x509_props.sans.uris[0]", "ASCII"]),
    (&["--subject", "CN=a", "--ip", "192.0.2.256"], &["x509_props.sans.ipAddresses[0]", "192.0.2.256", "IPv4 or IPv6"]),
    (&["--subject", "CN=a", "--ip", "192.0.2.0/24"], &["x509_props.sans.ipAddresses[0]", "192.0.2.0/24"]),
];

#[test]
fn a_name_that_cannot_be_meant_is_refused_with_its_member_and_value() {
    let work = Workplace::with_vault();
    for (options, expected) in REFUSED {
        let run = work.run_in_vain_with(&[&["create", "www"], *options].concat());
        run.broken().says(expected);
    }
}

/// What goes out all the same, and what is said of it.
#[rustfmt::skip]
const WARNED: &[(&[&str], &[&str])] = &[
    (&["--subject", "CN=www.example.com"], &["www.example.com", "alternative name", "--dns www.example.com"]),
    (&["--subject", "CN=a", "--dns", "under_score.example.com"], &["under_score.example.com"]),
    (&["--subject", "CN=a", "--dns", "two words.example.com"], &["two words.example.com"]),
    (&["--subject", "CN=a", "--dns", "https://www.example.com/"], &["https://www.example.com/"]),
    (&["--subject", "CN=bücher.example", "--dns", "xn--bcher-kva.example"], &["bücher.example", "xn--bcher-kva.example"]),
    (&["--subject", "CN=a", "--dns", "a..example.com"], &["a..example.com"]),
    (&["--subject", "CN=a", "--email", "nobody"], &["nobody"]),
    (&["--subject", "CN=a", "--uri", "www.example.com/path"], &["www.example.com/path"]),
];

#[test]
fn what_a_ca_will_stumble_over_is_said_before_the_request_leaves() {
    let work = Workplace::with_vault();
    for (index, (options, expected)) in WARNED.iter().enumerate() {
        let name = format!("n{index}");
        let create = [&["create", &name, "--curve", "P-256"], *options].concat();
        work.run_with(&create).done().says(&["warn", "help:"]).says(expected);
    }
}
