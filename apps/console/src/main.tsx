import { render } from 'preact'
import { App } from './app.tsx'
import { ConsoleContext, createConsole } from './state/console.ts'
import './styles/base.css'
import './styles/fields.css'
import './styles/shell.css'
import './styles/playground.css'
import './styles/tables.css'

const place = document.getElementById('console')
if (place === null) throw new Error('the page has no place for itself')
const state = createConsole()
void state.session.refresh()
render(
  <ConsoleContext.Provider value={state}>
    <App />
  </ConsoleContext.Provider>,
  place,
)
