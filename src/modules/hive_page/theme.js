// Light or dark: what the system says, until somebody chooses.

const kNames = ['system', 'light', 'dark'];
const kKey = 'colmeia-theme';

// Storage may be forbidden; then the choice lasts as long as the page.
function remembered() {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null;
  }
}
function remember(name) {
  try {
    localStorage.setItem(kKey, name);
  } catch { /* lasts as long as the page */
  }
}

export function startTheme(button) {
  let name = kNames.includes(remembered()) ? remembered() : 'system';
  const show = () => {
    document.documentElement.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
  };
  button.addEventListener('click', () => {
    name = kNames[(kNames.indexOf(name) + 1) % kNames.length];
    remember(name);
    show();
  });
  show();
}
