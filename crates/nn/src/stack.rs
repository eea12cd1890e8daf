//! Hidden layers, one after another, with what their configuration puts between them.

use crate::kernel::Element;
use crate::{
    Connection, Dense, GraphBuilder, Join, LayerNorm, Level, MlpConfig, NnError, Normalisation, Pointwise,
    Shortcut, TimeEmbedding, TimeInput,
};

/// What modulates each hidden layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modulators {
    /// The level that the modulations are made of.
    pub(crate) from: Level,
}

/// The input with its first column, the time, embedded.
pub(crate) fn time<A: Element>(
    build: &mut GraphBuilder<A>,
    time: &TimeInput,
    input: Level,
) -> Result<Level, NnError> {
    let rest = build.width(input) - 1;
    let embedding = match time {
        TimeInput::Raw => return Ok(input),
        TimeInput::Fourier(frequencies) => TimeEmbedding::fourier(frequencies, rest)?,
        TimeInput::Sinusoidal { pairs, period } => TimeEmbedding::sinusoidal(*pairs, *period, rest)?,
    };
    build.layer("time", embedding, input)
}

/// The hidden layers of `config` on `input`; `start` gives each affine map its first parameters.
pub(crate) fn hidden<A: Element>(
    build: &mut GraphBuilder<A>,
    config: &MlpConfig,
    input: Level,
    modulators: Option<Modulators>,
    start: &mut impl FnMut(Dense<A>) -> Dense<A>,
) -> Result<Level, NnError> {
    let mut h = input;
    for (i, &width) in config.hidden.iter().enumerate() {
        let before = h;
        let layer = start(Dense::zeros(build.width(h), width));
        let name = format!("layers.{i}");
        if config.normalisation == Normalisation::Absent && modulators.is_none() {
            h = build.layer(&name, layer.then(config.activation), h)?;
        } else {
            h = build.layer(&name, layer, h)?;
            if config.normalisation == Normalisation::Layer {
                h = build.layer(&format!("norms.{i}"), LayerNorm::new(width), h)?;
            }
            if let Some(Modulators { from }) = modulators {
                let layer = start(Dense::zeros(build.width(from), 2 * width));
                let by = build.layer(&format!("films.{i}"), layer, from)?;
                h = build.join(Join::Modulate, h, by)?;
            }
            h = build.layer(&name, Pointwise::new(width, config.activation), h)?;
        }
        if config.connection == Connection::Residual && build.width(before) == width {
            h = build.join(Join::Add, before, h)?;
        }
    }
    Ok(h)
}

/// The output of `config` from the last hidden layer `h`, with its way past the layers from `input`; `start` gives the
/// last layer its first parameters.
pub(crate) fn output<A: Element>(
    build: &mut GraphBuilder<A>,
    config: &MlpConfig,
    input: Level,
    h: Level,
    start: impl FnOnce(Dense<A>) -> Dense<A>,
) -> Result<Level, NnError> {
    let last = start(Dense::zeros(build.width(h), config.output));
    let out = build.layer(&format!("layers.{}", config.hidden.len()), last, h)?;
    match config.shortcut {
        Shortcut::Absent => Ok(out),
        Shortcut::Affine => {
            let past = build.layer("shortcut", Dense::zeros(build.width(input), config.output), input)?;
            build.join(Join::Add, out, past)
        }
    }
}
