import { useId } from 'react';

/** A petrel over a wave: the mark of web/public/icons/petrel.svg. */
export function Logo({ size }: { readonly size: number }) {
  const sea = useId();
  return (
    <svg width={size} height={size} viewBox="0 0 512 512" aria-hidden="true">
      <linearGradient id={sea} x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stopColor="#0f8599" />
        <stop offset="1" stopColor="#064250" />
      </linearGradient>
      <rect width="512" height="512" rx="116" fill={`url(#${sea})`} />
      <path d="M258 226C290 158 356 98 448 70C428 136 388 200 330 244Z" fill="#bfe6ec" />
      <path
        d="M40 120C126 122 204 158 254 212C288 202 326 208 354 230C368 225 386 228 398 239C414 247 430 252 446 254C430 264 412 268 394 268C362 304 312 322 260 313C228 328 190 340 148 340C168 329 186 315 201 299C178 295 160 284 146 268C170 268 190 265 205 258C160 222 104 186 40 120Z"
        fill="#fff"
      />
      <path
        d="M84 412C113 384 142 384 170 412S227 440 256 412S313 384 342 412S399 440 428 412"
        fill="none"
        stroke="#7cd4e0"
        strokeWidth="26"
        strokeLinecap="round"
      />
    </svg>
  );
}
