//! What the environment says of the processes.

use crate::TorchError;

/// Who this process is, and where the others are met.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) rank: usize,
    pub(super) world: usize,
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether this process keeps the store in which they meet.
    pub(super) holds_store: bool,
    /// What its keys begin with.
    pub(super) prefix: String,
}

impl Environment {
    /// Reads `variable` by `variable`; nothing where the process is alone.
    pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, TorchError> {
        if get("RANK").is_none() && get("WORLD_SIZE").is_none() {
            return Ok(None);
        }
        let rank: usize = number(&get, "RANK", "give each process its own, from 0 to WORLD_SIZE - 1")?;
        let world: usize = number(&get, "WORLD_SIZE", "give all processes how many they are")?;
        if rank >= world {
            let problem = format!("is {rank}, and WORLD_SIZE is {world}");
            return Err(wrong("RANK", problem, "ranks go from 0 to WORLD_SIZE - 1"));
        }
        let port = number(&get, "MASTER_PORT", "give a port of rank 0's machine that is free, 29500 say")?;
        let example = "give the name or the address of rank 0's machine, 127.0.0.1 where all are on one";
        let host = get("MASTER_ADDR").filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("MASTER_ADDR", "is not set".into(), example))?;
        // torchrun keeps the store itself, and the same one through its restarts.
        let kept = get("TORCHELASTIC_USE_AGENT_STORE").as_deref() == Some("True");
        let restart = get("TORCHELASTIC_RESTART_COUNT").unwrap_or_default();
        let holds_store = rank == 0 && !kept;
        Ok(Some(Self { rank, world, host, port, holds_store, prefix: format!("chreode/{restart}") }))
    }
}

fn number<N: std::str::FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    example: &'static str,
) -> Result<N, TorchError> {
    let text = get(name).ok_or_else(|| wrong(name, "is not set".into(), example))?;
    text.trim().parse().map_err(|_| wrong(name, format!("is `{text}`"), example))
}

fn wrong(name: &'static str, problem: String, example: &'static str) -> TorchError {
    TorchError::Environment { name, problem, example }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>, String> {
        let get = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        Environment::read(get).map_err(|e| e.to_string())
    }

    #[test]
    fn alone_by_hand_and_under_torchrun() {
        assert_eq!(read(&[]), Ok(None));
        let by_hand = [("RANK", "0"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "a"), ("MASTER_PORT", "29500")];
        let found = read(&by_hand).unwrap().unwrap();
        assert_eq!((found.rank, found.world, found.port, found.holds_store), (0, 2, 29500, true));
        let launched = [("TORCHELASTIC_USE_AGENT_STORE", "True"), ("TORCHELASTIC_RESTART_COUNT", "3")];
        let found = read(&[&by_hand[..], &launched].concat()).unwrap().unwrap();
        assert_eq!((found.holds_store, found.prefix.as_str()), (false, "chreode/3"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |variables: &[(&str, &str)]| read(variables).unwrap_err();
        assert!(error(&[("RANK", "0")]).contains("WORLD_SIZE is not set; give all processes"));
        assert!(error(&[("RANK", "x"), ("WORLD_SIZE", "2")]).contains("RANK is `x`; give each process"));
        assert!(error(&[("RANK", "2"), ("WORLD_SIZE", "2")]).contains("RANK is 2, and WORLD_SIZE is 2"));
        let rest = [("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_PORT", "1")];
        assert!(error(&rest).contains("MASTER_ADDR is not set; give the name"));
    }
}
