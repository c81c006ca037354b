/** A petrel over a wave. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="16" fill="#0a6a7c" />
      <path d="M9 25c9-7 17-5 23 4 6-9 14-11 23-4-8 0-13 3-17 9l-6 8-6-8c-4-6-9-9-17-9z" fill="#ffffff" />
      <path
        d="M12 49c5-4 8-4 13 0s9 4 14 0 8-4 13 0"
        fill="none"
        stroke="#7cd4e0"
        strokeWidth="3.5"
        strokeLinecap="round"
      />
    </svg>
  );
}
