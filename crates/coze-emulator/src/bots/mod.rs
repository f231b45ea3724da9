//! The demo bots: who they are ([`bot`]), and what they say ([`script`]).

mod bot;
mod script;

pub(crate) use bot::{BOTS, Bot, find};
pub(crate) use script::{Piece, Script, pieces};
