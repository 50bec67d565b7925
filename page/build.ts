/**
 * Builds the page: scripts and styles bundled, minified and inlined into one HTML file, with a content security policy
 * that lets exactly these two run. `node page/build.ts` writes it to `dist/page/status-page.html`.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { webDarkTheme, webLightTheme } from '@fluentui/tokens';
import { build, transform } from 'esbuild';

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const readText = (name: string): Promise<string> => readFile(pathOf(name), 'utf8');

/** How a policy names an inline script or style: by what it is. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [pathOf('./main.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('The bundler wrote nothing.');
  // The text must not end the element that it is put into.
  return script.text.trim().replaceAll('</script', '<\\/script');
}

type Theme = Readonly<Record<string, string | number>>;

/** The tokens that a style sheet uses, each with its light and its dark value. */
function tokensOf(css: string): string {
  const names = new Set([...css.matchAll(/var\(--(color\w+)\)/g)].map(([, name = '']) => name));
  const values = [...names].map((name) => {
    const [light, dark] = [webLightTheme, webDarkTheme].map((theme) => (theme as unknown as Theme)[name]);
    if (light === undefined || dark === undefined) throw new Error(`Fluent has no token ${name}.`);
    return `--${name}: light-dark(${light}, ${dark});`;
  });
  return `:root { ${values.join(' ')} }\n`;
}

const script = await bundle();
const css = await readText('./style.css');
const style = (await transform(tokensOf(css) + css, { loader: 'css', minify: true })).code.trim();
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
const parts: Readonly<Record<string, string>> = { policy, style, script };
const page = (await readText('./index.html')).replaceAll(/\/\* (\w+) \*\//g, (_, name: string) => parts[name] ?? '');

await mkdir(pathOf('../dist/page'), { recursive: true });
await writeFile(pathOf('../dist/page/status-page.html'), page);
