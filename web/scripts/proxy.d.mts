import type { Plugin } from 'vite';
export function proxyTo(target: string, key: string | undefined): Plugin;
