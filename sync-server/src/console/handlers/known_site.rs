//! The site that an address names.

use domain::SiteId;

use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;

/// The site, if it is one that is seen.
pub(super) async fn known_site(app: &AppState, id: &str) -> Result<(SiteId, Named), AppError> {
    let site: SiteId = id.parse().map_err(|_| AppError::NotFound)?;
    let known = app.data(|data| data.sites()).await?;
    let named = known.into_iter().find(|known| known.id == site.to_string());
    Ok((site, named.ok_or(AppError::NotFound)?))
}
