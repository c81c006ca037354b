import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from '../../sdk/browser.ts';
import { App } from './app.tsx';
import { deviceName } from './device-name.ts';

const client = await createClient({ device: { name: deviceName(navigator.userAgent), platform: 'web' } });
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App client={client} />
  </StrictMode>,
);
