import { useEffect, useState } from 'react';

const dayMs = 86_400_000;

/** The start of the day, ms; changes at midnight, for all that says "today". */
export function useToday(): number {
  const [today, setToday] = useState(startOfDay);
  useEffect(() => {
    const look = () => setToday(startOfDay());
    // A sleeping computer fires no timers: look again when the page is looked at.
    const timer = setTimeout(look, today + dayMs + 1_000 - Date.now());
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [today]);
  return today;
}

function startOfDay(): number {
  return new Date().setHours(0, 0, 0, 0);
}
