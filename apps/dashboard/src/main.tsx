import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { createQueryClient } from './api/query-client.ts'
import { createConsoleRouter } from './routes.tsx'
import './styles.css'

// The console's policy forbids code made from text, with which zod would otherwise speed itself up.
z.config({ jitless: true })

const root = document.getElementById('console')
if (!root) throw new Error('index.html has no place for the console')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={createConsoleRouter()} />
    </QueryClientProvider>
  </StrictMode>,
)
