import { App } from './app.tsx';

const find = <T extends Element>(id: string): T => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element ${id}.`);
  return element as unknown as T;
};

new App({
  root: find<HTMLElement>('app'),
  announcer: find<HTMLElement>('announcer'),
  dialog: find<HTMLDialogElement>('dialog'),
}).begin();
