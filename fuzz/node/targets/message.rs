//! What else validators send each other in a form of ours: acts, presence, votes, certificates,
//! files and what a founding says of itself. The first byte says which.

#![no_main]

use commonware_codec::{Decode as _, DecodeExt as _, Encode as _, EncodeSize as _};
use commonware_runtime::IoBuf;
use libfuzzer_sys::fuzz_target;
use pacta_node::NetworkShare;
use pacta_node::block::{list_bytes, write_list};
use pacta_node::files::wire::Message;
use pacta_node::gossip::{MESSAGE_BYTES_MAX, acts_in};
use pacta_node::presence;
use pacta_node::scheme::{Certificate, Signature};

fuzz_target!(|input: &[u8]| {
    let Some((form, bytes)) = input.split_first() else { return };
    match form % 6 {
        0 => {
            let Some(acts) = acts_in(IoBuf::from(bytes.to_vec())) else { return };
            let mut written = Vec::new();
            write_list(&acts, &mut written);
            assert_eq!(written, bytes, "a message of acts has one form");
            assert!(list_bytes(&acts) == bytes.len() && bytes.len() <= MESSAGE_BYTES_MAX + 4);
        }
        1 => {
            let Some((height, abstains)) = presence::decode(bytes) else { return };
            assert_eq!(presence::encode(height, abstains), bytes, "presence has one form");
        }
        2 => {
            let Ok(signature) = Signature::decode(bytes.to_vec()) else { return };
            assert_eq!(signature.encode(), bytes, "a vote's signatures have one form");
            // The part of the threshold signature is read late, and may be none.
            let _ = signature.part.get();
        }
        3 => {
            let Ok(certificate) = Certificate::decode_cfg(bytes.to_vec(), &256) else { return };
            assert_eq!(certificate.encode(), bytes, "a certificate has one form");
            assert_eq!(certificate.encode_size(), bytes.len());
        }
        4 => {
            let Some(message) = Message::read(&IoBuf::from(bytes.to_vec())) else { return };
            assert_eq!(message.to_bytes(), bytes, "a message about files has one form");
        }
        _ => {
            if let Ok(share) = NetworkShare::decode(bytes) {
                assert_eq!(share.encode(), bytes, "a share has one form");
            }
        }
    }
});
