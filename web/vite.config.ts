import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` forwards to a running desk, as if the page came from it.
const target = process.env['COFFERDAM_URL'] ?? 'http://127.0.0.1:3000';
const forwarded = { target, changeOrigin: true, headers: { origin: target } };

export default defineConfig({
  plugins: [tailwindcss(), svelte()],
  resolve: {
    alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, manifest: true },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': forwarded, '/metrics': forwarded, '/ws': { ...forwarded, ws: true } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
