//! What `check --json` writes is what `docs/check.schema.json` says, member by member; and each member that the
//! schema has is written by one of these checks.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use support::{Workplace, need};

#[test]
fn every_document_is_as_the_schema_says_and_every_member_is_seen() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config ca.cnf";
    work.openssl(&format!("req -x509 {new_key} -keyout x.key -out other.pem -subj /CN=Test-Root -days 9"))
        .done();
    work.openssl(
        "crl2pkcs7 -nocrl -certfile www.pem -certfile intermediate.pem -outform DER -out answer.p7b",
    )
    .done();
    work.openssl("x509 -in www.pem -outform DER -out www.der").done();
    let base64: String = work.text("www.pem").lines().filter(|line| !line.starts_with('-')).collect();
    work.write("x5c.json", format!("{{\"x5c\": [\"{base64}\"]}}"));
    work.write("mixed.pem", format!("{}\n{}", work.text("www.csr"), work.text("www.pem")));
    work.write("crl.cnf", REVOCATION);
    work.write("index.txt", "");
    work.openssl("ca -gencrl -config crl.cnf -crldays 9 -out root.crl").done();

    let checks = [
        "www.pem intermediate.pem --roots root.pem",
        "www.pem intermediate.pem root.pem --profile webpki --server-name www.example.com",
        "www.pem intermediate.pem root.pem --roots other.pem",
        "www.pem intermediate.pem other.pem",
        "www.pem --roots root.pem",
        "answer.p7b root.pem root.crl",
        "www.der",
        "x5c.json",
        "mixed.pem --intermediates intermediate.pem",
        "intermediate.pem root.pem",
        "www.csr",
        "missing.pem",
        "www.pem --roots missing.pem",
    ];
    let mut schema = Schema::read();
    for check in checks {
        let run = work.run(&format!("check {check} --csr www.csr --json"));
        schema.accept(&run.json()).unwrap_or_else(|error| panic!("{}: {error}\n{}", run.line, run.out()));
    }
    let never: Vec<&String> = schema.members.difference(&schema.seen).collect();
    assert!(never.is_empty(), "no check writes {never:?}");
}

const REVOCATION: &str = "
[ca]
default_ca = root
[root]
database = index.txt
certificate = root.pem
private_key = root.key
default_md = sha256
";

/// As much of JSON Schema as the file uses; a keyword that it does not know fails.
struct Schema {
    whole: Value,
    /// Every member of the definitions, `finding.rule`.
    members: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Schema {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json");
        let whole: Value = serde_json::from_slice(&std::fs::read(path).expect("the schema")).expect("JSON");
        let definitions = whole["$defs"].as_object().expect("definitions");
        let members = definitions.iter().flat_map(|(name, definition)| {
            let properties = definition["properties"].as_object().into_iter().flatten();
            properties.map(move |(member, _)| format!("{name}.{member}"))
        });
        Self { members: members.collect(), seen: BTreeSet::new(), whole }
    }

    fn accept(&mut self, document: &Value) -> Result<(), String> {
        let seen = check(&self.whole, &self.whole, document, "")?;
        self.seen.extend(seen);
        Ok(())
    }
}

/// The members of definitions that a value has, where it is as the schema says.
fn check(whole: &Value, schema: &Value, value: &Value, definition: &str) -> Result<Vec<String>, String> {
    let mut seen = Vec::new();
    for (keyword, wanted) in schema.as_object().ok_or("a schema is an object")? {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => {}
            // With `properties`.
            "additionalProperties" => assert_eq!(wanted, false),
            "$ref" => {
                let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#')).ok_or("a reference")?;
                let name = pointer.rsplit('/').next().unwrap_or_default();
                let target = whole.pointer(pointer).ok_or_else(|| format!("no {pointer}"))?;
                seen.extend(check(whole, target, value, name)?);
            }
            "oneOf" => {
                let choices = wanted.as_array().ok_or("a list of schemas")?;
                let results: Vec<_> =
                    choices.iter().map(|choice| check(whole, choice, value, definition)).collect();
                let fitting: Vec<_> = results.iter().flatten().collect();
                let [fitting] = &fitting[..] else {
                    return Err(format!("{} of oneOf fit: {results:?}", fitting.len()));
                };
                seen.extend((*fitting).clone());
            }
            "enum" if wanted.as_array().is_some_and(|known| known.contains(value)) => {}
            "type" if is_of_type(wanted, value) => {}
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    seen.extend(
                        check(whole, wanted, item, definition)
                            .map_err(|error| format!("[{index}] {error}"))?,
                    );
                }
            }
            "required" => {
                let names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
                if let Some(missing) = names.into_iter().find(|name| value.get(name).is_none()) {
                    return Err(format!("no member {missing}"));
                }
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let schema = wanted.get(name).ok_or_else(|| format!("a member {name}"))?;
                    seen.push(format!("{definition}.{name}"));
                    seen.extend(
                        check(whole, schema, member, definition)
                            .map_err(|error| format!("{name}: {error}"))?,
                    );
                }
            }
            "enum" | "type" => return Err(format!("{value} is not of {keyword} {wanted}")),
            keyword => panic!("the schema uses {keyword}, which this test does not know"),
        }
    }
    Ok(seen)
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(several) => several.iter().any(|one| is_of_type(one, value)),
        Value::String(name) => match name.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("the schema uses the type {other}, which this test does not know"),
        },
        other => panic!("a type {other}"),
    }
}
