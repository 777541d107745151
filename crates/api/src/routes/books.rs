//! Books of an account.
//!
//! It must not know what a book trades.

use axum::{Json, http::StatusCode};
use domain::{AccountId, BookId, Qty};
use path::core::Reply;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::{self, account::BookView},
};

/// Books.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookList {
    /// The books in order of id.
    books: Vec<BookView>,
}

/// The books of an account.
#[utoipa::path(get, path = "/api/accounts/{id}/books", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "The books", body = BookList)))]
pub(crate) async fn list(state: Asked, At(id): At<AccountId>) -> Result<Json<BookList>, ApiError> {
    let account = state.account(&id)?;
    let view = |core: &path::core::Core, now| {
        core.state().books.values().map(|b| BookView::new(core, now, b)).collect()
    };
    Ok(Json(BookList { books: views::look(&account, view).await? }))
}

/// A book to open.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"id": "trend", "name": "Trend following", "capital": "25000"}))]
pub(crate) struct NewBook {
    /// Its id: 1 to 32 of letters, digits, `-` and `_`.
    #[schema(value_type = String)]
    id: BookId,
    /// A name for people; its id when absent.
    #[schema(required = false)]
    name: String,
    /// Capital given to it, in the reporting currency.
    #[schema(value_type = Option<String>)]
    capital: Option<Qty>,
}

impl FromFields for NewBook {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let id = f.need::<BookId>("id");
        let name = f.words("name", 80);
        let capital = f.decimal::<Qty>("capital");
        let id = id?;
        let name = name?.unwrap_or_else(|| id.to_string());
        Some(Self { id, name, capital: capital? })
    }
}

/// Opens a book.
#[utoipa::path(post, path = "/api/accounts/{id}/books", tag = "accounts", request_body = NewBook,
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 201, description = "Opened", body = BookView),
        (status = 409, description = "The id is taken", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    At(id): At<AccountId>,
    Body(body): Body<NewBook>,
) -> Result<(StatusCode, Json<BookView>), ApiError> {
    let account = state.account(&id)?;
    let book = body.id.clone();
    let taken =
        views::look(&account, move |core, _| core.state().books.contains_key(&book)).await?;
    if taken {
        let detail = format!("Account `{id}` has a book `{}` already.", body.id);
        return Err(ApiError::conflict("book_exists", detail, "Use it, or another id."));
    }
    let reply = account
        .open_book(body.id.clone(), body.name, body.capital.map(Qty::get), state.origin())
        .await?;
    if let Reply::Refused(refusals) = reply {
        return Err(ApiError::refused(&refusals));
    }
    let view = views::look(&account, move |core, now| {
        core.state().books.get(&body.id).map(|b| BookView::new(core, now, b))
    })
    .await?;
    let gone = || ApiError::internal("book_lost", "The book was opened and is not there.");
    Ok((StatusCode::CREATED, Json(view.ok_or_else(gone)?)))
}
