//! A client of a node's HTTP API.

use std::io::Read;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, SendBody};

use crate::failure::{Failure, Result};

const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long an answer may take to begin once everything is sent: a long file is synced first.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// A node, as reached over HTTP.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
}

/// An answer of the API that is an error (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, then what to do.
    pub detail: String,
    /// The frozen code of a refusal of the law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The stable name of a refusal of the law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the same act may be taken later, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transient: Option<bool>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match (problem.status, problem.name) {
            (502..=504 | 429, _) => Self::unavailable(problem.detail),
            (_, Some(name)) => Self::failed(format!("{} ({name})", problem.detail)),
            (_, None) => Self::failed(problem.detail),
        }
    }
}

impl Client {
    /// A client of the node at `base`, for example `http://127.0.0.1:8000`.
    pub fn new(base: &str) -> Self {
        Self::with_timeout(base, Some(TIMEOUT))
    }

    /// A client for what may take as long as it has to, such as files.
    pub fn patient(base: &str) -> Self {
        Self::with_timeout(base, None)
    }

    fn with_timeout(base: &str, timeout: Option<Duration>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_global(timeout)
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), base: base.trim_end_matches('/').to_owned() }
    }

    /// Where the node is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The bytes at a path, or the problem that the node answers with.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn try_get(&self, path: &str) -> Result<std::result::Result<Vec<u8>, Problem>> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        self.read(answer.map_err(|error| self.unreachable(&error))?)
    }

    /// The bytes at a path.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer, 1 when it answers with a problem.
    pub fn get(&self, path: &str) -> Result<Vec<u8>> {
        Ok(self.try_get(path)??)
    }

    /// The bytes at a path, whatever the status of the answer is.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn get_whatever(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let mut body = answer.map_err(|error| self.unreachable(&error))?.into_body();
        let bytes = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        bytes.map_err(|error| self.unreachable(&error))
    }

    /// The JSON at a path.
    ///
    /// # Errors
    /// As [`Client::get`], and exit code 65 when the answer has another form.
    pub fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.parse(&self.get(path)?)
    }

    /// Posts bytes; the answer's bytes, or the problem that the node answers with.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn try_post(
        &self,
        path: &str,
        media_type: &str,
        body: &[u8],
    ) -> Result<std::result::Result<Vec<u8>, Problem>> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let answer = request.header("content-type", media_type).send(body);
        self.read(answer.map_err(|error| self.unreachable(&error))?)
    }

    /// Posts what a reader gives, which is so many bytes; the answer's bytes, or the problem.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn try_post_stream(
        &self,
        path: &str,
        media_type: &str,
        bytes: u64,
        body: &mut dyn Read,
    ) -> Result<std::result::Result<Vec<u8>, Problem>> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("content-type", media_type).header("content-length", bytes);
        let answer = request.send(SendBody::from_reader(body));
        self.read(answer.map_err(|error| self.unreachable(&error))?)
    }

    /// A reader of the bytes at a path, for what need not fit into memory.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn get_stream(&self, path: &str) -> Result<impl Read + 'static> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        match answer.status().is_success() {
            true => Ok(answer.into_body().into_reader()),
            false => match self.read(answer)? {
                Err(problem) => Err(problem.into()),
                Ok(_) => Err(Failure::failed("the node answers two things at once")),
            },
        }
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn post_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(Failure::failed)?;
        self.parse(&self.try_post(path, "application/json", &body)??)
    }

    /// Reads JSON that this node answered.
    ///
    /// # Errors
    /// Exit code 65 when it has another form.
    pub fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            Failure::defective(format!(
                "{} answers in a form that this version does not know: {error}; use the same \
                 version of pacta on both sides",
                self.base
            ))
        })
    }

    fn read(&self, answer: Response<Body>) -> Result<std::result::Result<Vec<u8>, Problem>> {
        let status = answer.status();
        let mut body = answer.into_body();
        let bytes = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let bytes = bytes.map_err(|error| self.unreachable(&error))?;
        match status.is_success() {
            true => Ok(Ok(bytes)),
            false => Ok(Err(problem(status, &bytes))),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::unavailable(format!(
            "no node answers at {}: {error}; start it with `pacta node`, or name another",
            self.base
        ))
    }
}

fn problem(status: StatusCode, body: &[u8]) -> Problem {
    serde_json::from_slice(body).unwrap_or_else(|_| Problem {
        status: status.as_u16(),
        detail: format!("the node answers {status}; look at its log"),
        code: None,
        name: None,
        transient: None,
    })
}
