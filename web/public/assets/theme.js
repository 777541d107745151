// Runs before the first paint, so that the page never flashes in the other theme.
(function () {
  var theme = null;
  try { theme = localStorage.getItem('cofferdam.theme'); } catch (_) { /* storage is off */ }
  if (theme !== 'dark' && theme !== 'light') {
    theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  }
  document.documentElement.dataset.theme = theme;
})();
