//! In which form something came, from the outside in.

use std::fmt;

/// A form, such as `PEM`, `base64 of base64 of DER` or `PKCS#7 (BER)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Form {
    layers: Vec<Layer>,
}

/// One layer of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Layer {
    Zip,
    Gzip,
    Json,
    Utf16,
    /// Lines with `> ` before them.
    Quoted,
    /// RFC 2045 6.7.
    QuotedPrintable,
    /// With tags, entities and blanks of a page.
    Html,
    Base64,
    /// Base64 that ends in an END line, and has no BEGIN line.
    FooterOnly,
    Pem,
    Der,
    /// With at least one indefinite length.
    Ber,
    Pkcs7,
    Pkcs12,
}

impl Form {
    pub(super) fn with(&self, layer: Layer) -> Self {
        let mut layers = self.layers.clone();
        layers.push(layer);
        Self { layers }
    }

    /// With the encoding of a binary form, save where PEM says it already.
    pub(super) fn with_encoding(&self, is_definite: bool) -> Self {
        match (is_definite, self.layers.last()) {
            (true, Some(Layer::Pem)) => self.clone(),
            (true, _) => self.with(Layer::Der),
            (false, _) => self.with(Layer::Ber),
        }
    }

    /// Whether places are bytes of a file, or of an entry of an archive: nothing was decoded on the way.
    pub(super) fn is_raw(&self) -> bool {
        self.layers.iter().all(|layer| matches!(layer, Layer::Zip | Layer::Gzip))
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.layers.as_slice();
        while let Some((layer, inner)) = rest.split_first() {
            let (text, taken) = match (layer, inner.first()) {
                (Layer::Pem | Layer::Der | Layer::Ber, Some(Layer::Pkcs7)) => ("PKCS#7", 1),
                (Layer::Pem | Layer::Der | Layer::Ber, Some(Layer::Pkcs12)) => ("PKCS#12", 1),
                (layer, _) => (layer.name(), 0),
            };
            f.write_str(text)?;
            rest = &inner[taken..];
            if taken > 0 {
                write!(f, " ({})", layer.name())?;
            }
            if !rest.is_empty() {
                f.write_str(if layer.is_of_text() { " " } else { " of " })?;
            }
        }
        Ok(())
    }
}

impl Layer {
    /// Whether it is how text is written, and not what is in it.
    fn is_of_text(self) -> bool {
        matches!(self, Self::Utf16 | Self::Quoted | Self::QuotedPrintable | Self::Html)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Zip => "ZIP",
            Self::Gzip => "gzip",
            Self::Quoted => "quoted",
            Self::QuotedPrintable => "quoted-printable",
            Self::Html => "HTML",
            Self::Json => "JSON",
            Self::Utf16 => "UTF-16",
            Self::Base64 => "base64",
            Self::FooterOnly => "base64 with an END line",
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::Ber => "BER",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "PKCS#12",
        }
    }
}
