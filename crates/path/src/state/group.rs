//! Groups of orders of which only one may fill.
//!
//! The first member that fills wins, and the others are cancelled. Venues that know groups do that
//! themselves; elsewhere the desk does, and two can fill before it has. This module must not know
//! how orders are cancelled.

use domain::{BookId, ClientOrderId, GroupId};
use serde::{Deserialize, Serialize};

use super::{AccountState, Order};

/// A group while one of its orders is live and, once one has filled, for the rest of the day: what
/// joins it later is told that it is too late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its orders that something may still come from, and the winner.
    pub members: Vec<ClientOrderId>,
    /// The first that filled.
    pub winner: Option<ClientOrderId>,
}

impl AccountState {
    /// The key under which a book's group is kept.
    #[must_use]
    pub fn group_key(book: &BookId, group: &GroupId) -> String {
        format!("{book}|{group}")
    }

    /// The group of an order.
    #[must_use]
    pub fn group_of(&self, order: &Order) -> Option<&Group> {
        let group = order.conditions.group.as_ref()?;
        self.groups.get(&Self::group_key(&order.book, group))
    }

    /// True when another order of its group has filled. An order and the one that takes its place
    /// are the same member.
    #[must_use]
    pub fn lost_to_group(&self, order: &Order) -> bool {
        let winner = self.group_of(order).and_then(|g| g.winner.as_ref());
        winner.is_some_and(|winner| {
            *winner != order.client_order_id
                && order.replaces.as_ref() != Some(winner)
                && order.replaced_by.as_ref() != Some(winner)
        })
    }

    pub(super) fn join_group(&mut self, id: &ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(group) = &order.conditions.group else { return };
        let key = Self::group_key(&order.book, group);
        self.groups.entry(key).or_default().members.push(id.clone());
    }

    pub(super) fn note_group_fill(&mut self, id: &ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(group) = &order.conditions.group else { return };
        let key = Self::group_key(&order.book, group);
        if let Some(group) = self.groups.get_mut(&key) {
            group.winner.get_or_insert_with(|| id.clone());
        }
    }

    /// Forgets a group once nothing more can come of it and nothing came of it.
    pub(super) fn leave_group(&mut self, id: &ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(name) = &order.conditions.group else { return };
        let key = Self::group_key(&order.book, name);
        let Some(group) = self.groups.get(&key) else { return };
        let settled = |id: &ClientOrderId| self.orders.get(id).is_none_or(Order::is_settled);
        if !group.members.iter().all(settled) {
            return;
        }
        if group.winner.is_none() {
            self.groups.remove(&key);
        } else if let Some(group) = self.groups.get_mut(&key) {
            group.members.clear();
        }
    }

    /// A new day: names of groups of which nothing lives can be used again.
    pub(super) fn forget_won_groups(&mut self) {
        self.groups.retain(|_, group| !group.members.is_empty());
    }
}
