import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { proxyTo } from './scripts/proxy.mjs';

// `npm run dev` talks to a running desk. The key is read from the environment of the dev server and
// added to what it forwards; it never reaches the browser or the bundle.
const target = process.env['COFFERDAM_URL'] ?? 'http://127.0.0.1:3000';

export default defineConfig(({ command }) => ({
  plugins: [
    tailwindcss(),
    svelte(),
    ...(command === 'serve' && !process.env['VITEST'] ? [proxyTo(target, process.env['COFFERDAM_KEY'])] : []),
  ],
  resolve: {
    alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, manifest: true },
  server: { host: '127.0.0.1', port: 5173 },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
}));
