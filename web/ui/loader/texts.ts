// The few words that the page itself shows. They are here and not in the
// widget's dictionary because the loader has to stay small.
import { matchLanguage, type Language } from "../shared/i18n";

type Texts = { open: string; news: string; close: string; title: string; loading: string; failed: string; again: string };

const all: Record<Language, Texts> = {
  en: {
    open: "Open the chat",
    news: "Open the chat. New messages: {n}",
    close: "Close the chat",
    title: "Chat",
    loading: "Opening the chat…",
    failed: "The chat could not be loaded. The page works without it.",
    again: "Load it again",
  },
  "pt-BR": {
    open: "Abrir o chat",
    news: "Abrir o chat. Mensagens novas: {n}",
    close: "Fechar o chat",
    title: "Chat",
    loading: "Abrindo o chat…",
    failed: "Não foi possível carregar o chat. A página funciona sem ele.",
    again: "Carregar de novo",
  },
  es: {
    open: "Abrir el chat",
    news: "Abrir el chat. Mensajes nuevos: {n}",
    close: "Cerrar el chat",
    title: "Chat",
    loading: "Abriendo el chat…",
    failed: "No se pudo cargar el chat. La página funciona sin él.",
    again: "Cargarlo de nuevo",
  },
  uk: {
    open: "Відкрити чат",
    news: "Відкрити чат. Нових повідомлень: {n}",
    close: "Закрити чат",
    title: "Чат",
    loading: "Відкриваємо чат…",
    failed: "Не вдалося завантажити чат. Сторінка працює і без нього.",
    again: "Завантажити ще раз",
  },
  ru: {
    open: "Открыть чат",
    news: "Открыть чат. Новых сообщений: {n}",
    close: "Закрыть чат",
    title: "Чат",
    loading: "Открываем чат…",
    failed: "Не удалось загрузить чат. Страница работает и без него.",
    again: "Загрузить ещё раз",
  },
};

export function texts(language: string): Texts {
  return all[matchLanguage(language)];
}
