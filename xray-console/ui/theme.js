// Sets the theme before the first paint, and marks that scripts run. Not a module: modules run too late.
(() => {
  const root = document.documentElement;
  root.classList.add('scripted');
  const kept = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null; // storage is off: follow the system
    }
  };
  if (kept() === 'light' || kept() === 'dark') root.dataset.theme = kept();
  addEventListener('DOMContentLoaded', () => {
    document.getElementById('theme').addEventListener('click', () => {
      const dark = root.dataset.theme
        ? root.dataset.theme === 'dark'
        : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
      try {
        localStorage.setItem('theme', root.dataset.theme);
      } catch {
        // It holds for this page only.
      }
    });
  });
})();
