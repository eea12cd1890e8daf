//! Gene dynamics by Hill-like sums and products.

use crate::kernel::Element;
use crate::{
    Bias, Columns, Dense, Field, Function, GraphBuilder, Join, Level, Multipliers, NnError, Pointwise,
};
use rand::Rng;

impl<A: Element> GraphBuilder<A> {
    /// dg/dt = max(υ, 0) (W [c_Σ, c_Π] - g) with additive and multiplicative regulation
    ///
    /// ```text
    /// c_Σ = W_Σ φ_Σ(g) + b_Σ          c_Π = exp(W_Π φ_Π(g) + b_Π)
    /// ```
    ///
    /// of `neurons` each, where φ_Σ is [`Function::Hill`] and φ_Π is [`Function::LogHill`].
    ///
    /// Parameters are named as in the authors' program: `net_prods.linear_out.weight`,
    /// `net_sums.linear_out.weight`, `net_alpha_combine.linear_out.weight`, `gene_multipliers`, after `name` and a dot
    /// unless it is empty.
    ///
    /// Hossain, Fanfani, Fischer, Quackenbush & Burkholz, Biologically informed NeuralODEs for genome-wide regulatory
    /// dynamics, Genome Biology 25 (2024) 127, doi:10.1186/s13059-024-03264-0.
    ///
    /// # Errors
    /// As for a [`layer`](Self::layer).
    pub fn phoenix(
        &mut self,
        name: &str,
        neurons: usize,
        genes: Level,
        rng: &mut impl Rng,
    ) -> Result<Level, NnError> {
        let width = self.width(genes);
        let of = |part: &str| if name.is_empty() { part.to_string() } else { format!("{name}.{part}") };
        let logs = self.layer("responses", Pointwise::new(width, Function::LogHill), genes)?;
        let products = Dense::new(width, neurons, rng).then(Function::Exp);
        let products = self.layer(&of("net_prods.linear_out"), products, logs)?;
        let responses = self.layer("responses", Pointwise::new(width, Function::Hill), genes)?;
        let sums = self.layer(&of("net_sums.linear_out"), Dense::new(width, neurons, rng), responses)?;
        let both = self.join(Join::Concatenate, sums, products)?;
        let combine = Dense::zeros(2 * neurons, width).bias(Bias::Absent).drawn(rng);
        let target = self.layer(&of("net_alpha_combine.linear_out"), combine, both)?;
        let way = self.join(Join::Subtract, target, genes)?;
        let rates = Multipliers::new("gene_multipliers", width, rng);
        self.named(&of("gene_multipliers"), of, rates, way)
    }
}

impl<A: Element> Field<A> {
    /// [`GraphBuilder::phoenix`] as a field of `genes` columns that does not depend on time.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`].
    pub fn phoenix(genes: usize, neurons: usize, rng: &mut impl Rng) -> Result<Self, NnError> {
        let mut build = GraphBuilder::new(1 + genes);
        let input = build.input();
        let x = build.layer("genes", Columns::new(1 + genes, 1..1 + genes), input)?;
        let flow = build.phoenix("", neurons, x, rng)?;
        Ok(Self::new(build.finish(flow)?))
    }
}
