// Addresses without a library: the desk serves index.html for every path that is not the API's, and
// links inside the page change the address without a load.

class Router {
  path = $state('/');
  query = $state.raw(new URLSearchParams());

  start(): () => void {
    const read = () => this.#read();
    read();
    window.addEventListener('popstate', read);
    const click = (event: MouseEvent) => this.#click(event);
    document.addEventListener('click', click);
    return () => {
      window.removeEventListener('popstate', read);
      document.removeEventListener('click', click);
    };
  }

  /** Goes to an address of the page, such as `/trade?symbol=sim:IBM`. */
  go(to: string, options: { replace?: boolean } = {}): void {
    const url = new URL(to, location.origin);
    const same = url.pathname === location.pathname;
    if (options.replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.#read();
    if (!same) {
      window.scrollTo(0, 0);
      document.getElementById('main')?.focus({ preventScroll: true });
    }
  }

  /** Sets or removes one part of the query, without a step in the history. */
  setQuery(name: string, value: string | null): void {
    const url = new URL(location.href);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    history.replaceState(null, '', url);
    this.#read();
  }

  #read(): void {
    this.path = location.pathname.replace(/(.)\/$/, '$1');
    this.query = new URLSearchParams(location.search);
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (/^\/(api|metrics)(\/|$)/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const router = new Router();
