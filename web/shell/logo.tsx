export function Logo() {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <title>Chargewire</title>
        <rect width="32" height="32" rx="8" class="logo-ground" />
        <path d="M18 4 8 18h7l-2 10 11-15h-7z" class="logo-bolt" />
      </svg>
      Chargewire
    </span>
  );
}
